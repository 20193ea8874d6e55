package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/nomad/api"
)

// TestNomadStrict reads each golden job as Nomad's own client does, but for fields that
// it does not know, and writes it again: what is in the file is all that the job is, and
// nothing of it is lost. A null, or an empty text, object or list would be noise.
func TestNomadStrict(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(casesDir, "*", "nomad", "*.nomad.json"))
	if err != nil || len(paths) < 12 {
		t.Fatalf("%d jobs: %v", len(paths), err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var file struct{ Job *api.Job }
			d := json.NewDecoder(bytes.NewReader(text))
			d.DisallowUnknownFields()
			if err := d.Decode(&file); err != nil {
				t.Fatal(err)
			}
			again, err := json.Marshal(file)
			if err != nil {
				t.Fatal(err)
			}
			var said, all any
			if err := json.Unmarshal(text, &said); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(again, &all); err != nil {
				t.Fatal(err)
			}
			sameJob(said, all, "", t.Errorf)
		})
	}
}

// sameJob tells whether all that was said is in what came out, and nothing but zeros is
// beside it.
func sameJob(said, all any, at string, report func(string, ...any)) {
	switch all := all.(type) {
	case map[string]any:
		some, ok := said.(map[string]any)
		if strings.HasSuffix(at, ".strategy.pass-through") && len(some)+len(all) == 0 {
			return // a strategy has a block, and this one has nothing to say
		}
		if !ok || len(some) == 0 {
			report("%s: %v became %v", at, said, all)
			return
		}
		for key := range some {
			if _, ok := all[key]; !ok {
				report("%s.%s is lost", at, key)
			}
		}
		for key, value := range all {
			if one, ok := some[key]; ok {
				sameJob(one, value, at+"."+key, report)
			} else if !zero(value) {
				report("%s.%s came up: %v", at, key, value)
			}
		}
	case []any:
		some, ok := said.([]any)
		if !ok || len(some) != len(all) || len(some) == 0 {
			report("%s: %v became %v", at, said, all)
			return
		}
		for i := range some {
			sameJob(some[i], all[i], at, report)
		}
	default:
		if said == nil || said == "" || !reflect.DeepEqual(said, all) {
			report("%s: %v became %v", at, said, all)
		}
	}
}

// zero tells whether a value of JSON is one that a field has which nobody set.
func zero(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return v == nil || v == "" || v == false || v == 0.0
}
