package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// An image that is pushed is named by its digest in the plan, is pushed when the plan
// is carried out and not before, and is there when the new version is tried.
func TestApplyPush(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the command in place of Compose is a script")
	}
	engine := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/volumes" {
			fmt.Fprint(w, `{}`)
			return
		}
		fmt.Fprint(w, `[]`)
	}))
	t.Cleanup(engine.Close)
	dir, bin := t.TempDir(), t.TempDir()
	writeFile(t, filepath.Join(dir, "pipeline.yaml"), `pipeline: pushed
types: {E: {n: int}}
sources: {in: {use: generate, out: E}}
sinks: {out: {from: in, use: log}}
targets: {compose: {}}
`)
	script := `#!/bin/sh
case "$*" in
version*) echo 2.40.3;;
*" run "*) cat > tried; echo "it is not to be" >&2; exit 1;;
*--hash*) echo "pushed abc";;
*) echo '{"name":"pushed","services":{"pushed":{}}}';;
esac
`
	for _, command := range []string{"docker", "docker-compose"} {
		if err := os.WriteFile(filepath.Join(bin, command), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	host := aRegistry(t)
	t.Setenv("DOCKER_CONFIG", dockerLogin(t, host))
	t.Setenv("DOCKER_HOST", strings.Replace(engine.URL, "http://", "tcp://", 1))
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Chdir(dir)
	apply := func(args ...string) (int, applyResult, string) {
		t.Helper()
		var out, errs bytes.Buffer
		code := run(append([]string{"apply", "--push", "--image", host + "/pushed", "--format", "json"}, args...), strings.NewReader(""), &out, &errs)
		var answer struct{ Result applyResult }
		if err := json.Unmarshal(out.Bytes(), &answer); err != nil {
			t.Fatalf("%v\n%s%s", err, &out, &errs)
		}
		return code, answer.Result, out.String()
	}
	there := func(reference string) bool {
		t.Helper()
		digest, err := name.NewDigest(reference)
		if err != nil {
			t.Fatal(err)
		}
		_, err = remote.Head(digest, remote.WithAuthFromKeychain(authn.DefaultKeychain))
		return err == nil
	}

	code, res, text := apply("--diff")
	if code != exitDrift || len(res.Pipelines) != 1 {
		t.Fatalf("exit code %d\n%s", code, text)
	}
	image := res.Pipelines[0].Plan.Want.Image
	if !strings.HasPrefix(image, host+"/pushed@sha256:") || there(image) {
		t.Errorf("after a plan %s is in the registry", image)
	}
	if code, _, text = apply(); code != exitUsage || !strings.Contains(text, "--yes") || there(image) {
		t.Errorf("exit code %d without being asked for\n%s", code, text)
	}
	code, res, text = apply("--yes")
	if code != exitEnv || !strings.Contains(res.Pipelines[0].Error, "can't start, and what runs was not touched:\nit is not to be") {
		t.Errorf("exit code %d\n%s", code, text)
	}
	tried, err := os.ReadFile("tried")
	if err != nil || !there(image) || !strings.Contains(string(tried), `"image":"`+image+`"`) || strings.Contains(string(tried), `"pull_policy":"never"`) {
		t.Errorf("%v: %s", err, tried)
	}
}

// A command about something applied takes a name or a file.
func TestNamed(t *testing.T) {
	for arg, want := range map[string]bool{"orders": true, "shop/orders": true, "": false, "-": false, "orders.yaml": false, "apply_test.go": false, ".": false} {
		if named(arg) != want {
			t.Errorf("%q: %t", arg, !want)
		}
	}
}
