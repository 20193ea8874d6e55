package compose_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/backendtest"
	"github.com/flowc-dev/flowc/backends/compose"
	"github.com/flowc-dev/flowc/ir"
)

// What the target can't do is refused with what to write instead.
func TestRefused(t *testing.T) {
	for _, c := range []struct{ program, options, want string }{
		{"let-env", `{}`, "`ns` reads standard input, and on the target compose there is none"},
		{"quiet", `{}`, "`lines` reads `logs/**/*.ndjson`, and the target compose must be told where that is"},
		{"quiet", `{"files":{"logs/*.ndjson":{"bind":"x"},"logs/**/*.ndjson":{"bind":"/l"}}}`, "the pipeline reads no file `logs/*.ndjson`"},
		{"quiet", `{"files":{"logs/**/*.ndjson":{"bind":"/l","volume":"v"}}}`, "must be said in one way"},
		{"quiet", `{"files":{"logs/**/*.ndjson":{}}}`, "must be said in one way"},
		{"quiet", `{"files":{"logs/**/*.ndjson":{"bind":"/l"}},"as":"job"}`, "a job ends, and the pipeline `quiet` has a source that never does"},
		{"quiet", `{"files":{"logs/**/*.ndjson":{"bind":"/l"}},"replicas":2}`, "one copy of `quiet` may run, not 2: `lines` reads all that there is, and a second copy would read it again"},
		{"foreign-lines", `{"files":{"in/x":{"volume":"v"}}}`, "`in/x` is one file in a folder of the program's, and Compose mounts no file of a volume"},
		{"foreign-lines", `{"storage":{"/dat":{}}}`, "the program keeps nothing in the folder `/dat`"},
		{"foreign-lines", `{"files":{"x":{}}}`, "where `x` is must be said in one way"},
		{"csv-to-ndjson", `{"files":{"trips.csv":{"bind":"t"}},"restart":"always"}`, "`restart: always` would start it again for ever"},
		{"csv-to-ndjson", `{"files":{"trips.csv":{"bind":"t"}},"storage":{"/dat":{"bind":"x"}}}`, "the program keeps nothing in the folder `/dat`"},
		{"csv-to-ndjson", `{"files":{"trips.csv":{"bind":"t"}},"storage":{"/data":{"bind":"x","external":"y"}}}`, "what keeps `/data` must be said in one way"},
		{"serve", `{}`, "the program needs the variable `SHOP_URL`, and the target compose does not give it"},
		{"serve", `{"env":{"SHOP_URL":"http://s","EVENTS_TOKEN":"x"}}`, "`EVENTS_TOKEN` is a secret, and `targets.compose.env` would write it into the files of the deployment"},
		{"serve", `{"env":{"SHOP_URL":"http://s"},"secrets":{"stripe":{"env":"S"}}}`, "`stripe` is a file, and Compose gives containers whose root is read-only no file from a variable"},
		{"serve", `{"env":{"SHOP_URL":"http://s"},"secrets":{"EVENTS_TOKEN":{"file":"t"}}}`, "the pipeline names no file `EVENTS_TOKEN`, and Compose gives no variable from a file"},
		{"serve", `{"env":{"SHOP_URL":"http://s"},"secrets":{"a-b":{"env":"X"}}}`, "`a-b` is neither the name of a variable nor a file that the pipeline names"},
		{"serve", `{"env":{"SHOP_URL":"http://s"},"secrets":{"stripe":{"env":"X","file":"y"}}}`, "where the secret `stripe` is must be said in one way"},
		{"serve", `{"env":{"SHOP_URL":"http://s"},"publish":{"event":8080}}`, "the program has no port `event`"},
		{"serve", `{"env":{"SHOP_URL":"http://s"},"publish":{"events":8090}}`, "the ports `events` and `payments` are both published at 8090"},
		{"serve", `{"env":{"SHOP_URL":"http://s"},"publish":{"events":"0.0.0.0:8085-8095"}}`, "one copy needs one port on the host, and `0.0.0.0:8085-8095` are 11"},
		{"serve", `{"env":{"SHOP_URL":"http://s"},"publish":{"events":"99999"}}`, "`127.0.0.1:99999` is no place on a host"},
		{"serve", `{"env":{"SHOP_URL":"http://s"},"labels":{"com.docker.compose.project":"x"}}`, "labels that begin like `com.docker.compose.project` are those of the tools themselves"},
		{"serve", `{"env":{"SHOP_URL":"http://s"},"labels":{"a b":"x"}}`, "a label of a container can't be called `a b`"},
		{"serve", `{"env":{"SHOP_URL":"http://s"},"overlay":{"mem_limit":"1g"}}`, "Compose refuses `mem_limit` beside the limits that the service has"},
		{"serve", `{"env":{"SHOP_URL":"http://s"},"networks":["a"],"overlay":{"network_mode":"host"}}`, "a service has a `network_mode` or networks, and `serve` would have both"},
		{"serve", `{"env":{"SHOP_URL":"http://s"},"overlay":{"depends_on":["a"]}}`, "there is no other service in the file, and so `depends_on` can name none"},
		{"serve", `{"env":{"SHOP_URL":"http://s"},"overlay":{"networks":["a"]}}`, "the file has nothing called `a` among its networks"},
		{"serve", `{"env":{"SHOP_URL":"http://s"},"overlay":{"volumes":["./a:/a","v:/v"]}}`, "the file has nothing called `v` among its volumes"},
		{"serve", `{"env":{"SHOP_URL":"http://s"},"overlay":{"secrets":[{"source":"a","target":"/a"}]}}`, "the file has nothing called `a` among its secrets"},
		{"per-record-path", `{"files":{"orders.ndjson":{"bind":"o"}},"env":{"YEARS":"/srv/a"}}`, "the folder `/srv/years` follows from a variable, so the image does not have it"},
		{"serve", `{"env":{"SHOP_URL":"http://s"},"overlay":{"image":null}}`, "without an image there is nothing to run"},
		{"serve", `{"env":{"SHOP_URL":"http://s"},"overlay":{"sysctls":{"a b":1}}}`, "`a b` can't be a key of the file"},
		{"shared", `{"env":{"KAFKA_USER":"u"},"files":{"certs/ca.pem":{"bind":"c"}},"replicas":3,"publish":{"metrics":9100}}`, "3 copies can't have `127.0.0.1:9100` on the host, where they need a port each"},
		{"shared", `{"env":{"KAFKA_USER":"u"},"files":{"certs/ca.pem":{"bind":"c"}},"replicas":3,"overlay":{"container_name":"x"}}`, "3 copies can't have one name"},
	} {
		list := compose.Backend{}.Check(backendtest.Program(t, c.program), backends.Options(c.options))
		var all []string
		for _, d := range list {
			all = append(all, d.Message)
		}
		if len(list) == 0 || !strings.Contains(strings.Join(all, "\n"), c.want) {
			t.Errorf("%s with %s is not refused with %q but %q", c.program, c.options, c.want, all)
		}
	}
}

// The options reach the file, and a dollar of the user's stays one.
func TestDollars(t *testing.T) {
	p := backendtest.Program(t, "serve")
	p.Labels = []ir.Label{{Key: "cost", Value: "$5"}}
	p.Annotations = []ir.Label{{Key: "note", Value: "${X}"}}
	options := `{"env":{"SHOP_URL":"http://s/$a","FLOWC_SET":"paid.config.path=$x.ndjson"},"image":"r/$i:1","labels":{"l":"$$"},
		"secrets":{"stripe":{"file":"/s/$k"}},"storage":{"/data":{"bind":"/d/$d"},"/archive":{"driver":"d","options":{"o":"$o"}}}}`
	if list := (compose.Backend{}).Check(p, backends.Options(options)); len(list) > 0 {
		t.Fatal(list)
	}
	files, err := compose.Backend{}.Emit(p, backends.Options(options), backends.Layout{})
	if err != nil {
		t.Fatal(err)
	}
	var got any
	if err := yaml.Unmarshal(files[0].Data, &got); err != nil {
		t.Fatal(err)
	}
	var dollars []string
	each(got, func(text string) {
		for line := range strings.Lines(text) {
			if strings.Contains(line, "$") {
				dollars = append(dollars, strings.TrimSpace(line))
			}
		}
	})
	want := []string{
		"${EVENTS_TOKEN:?a secret of the pipeline serve}", "/d/$$d", "$$$$", "$$5", "$${X}", "$$o", "/s/$$k", "http://s/$$a", "paid.config.path=$$x.ndjson", "r/$$i:1",
	}
	if diff := cmp.Diff(sorted(want), sorted(dollars)); diff != "" {
		t.Error(diff)
	}
}

func sorted(list []string) string {
	m := map[string]bool{}
	for _, s := range list {
		m[s] = true
	}
	text, _ := json.MarshalIndent(m, "", " ")
	return string(text)
}

// each calls f for all texts of a document.
func each(v any, f func(string)) {
	switch v := v.(type) {
	case string:
		f(v)
	case map[string]any:
		for _, item := range v {
			each(item, f)
		}
	case []any:
		for _, item := range v {
			each(item, f)
		}
	}
}
