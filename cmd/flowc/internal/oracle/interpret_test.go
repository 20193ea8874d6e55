package oracle

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// reading is an expression that takes a field of the record.
func reading(t *typ, goName string) *expr {
	s := &scope{random: newRandom(1), in: t, lets: &[]*let{}}
	return s.pick(func(l leaf) bool { return l.path.key() == goName })
}

// small is a pipeline with a known answer: a source, a check, a filter, a set and
// two sinks beside a dead-letter sink.
func small() (*Case, *node) {
	order := &typ{kind: kStruct, name: "Order", fields: []*field{{wire: "id", goName: "ID", typ: tString}, {wire: "n", goName: "N", typ: tInt}}}
	dead := &node{name: "dead", role: sink, use: "file", format: "ndjson", path: "dead.ndjson", dead: true}
	n := reading(order, "N")
	src := &node{name: "orders", role: source, use: "file", path: "in.ndjson", format: "ndjson", out: order, onError: &policy{then: "dead", dead: dead, retry: -1}}
	checked := &node{
		name: "checked", role: processor, from: []ref{{src, ""}}, in: order, verb: vCheck, onError: &policy{then: "drop", retry: -1},
		assigns: []assign{{name: "positive", expr: from(tBool, "in.N > 0", func(v *env) value { return n.eval(v).(int64) > 0 }, n)}},
	}
	large := &node{
		name: "large", role: processor, from: []ref{{checked, ""}}, in: order, verb: vFilter,
		cond: from(tBool, "in.N > 9", func(v *env) value { return n.eval(v).(int64) > 9 }, n),
	}
	doubled := &node{
		name: "doubled", role: processor, from: []ref{{large, ""}}, in: order, out: order, verb: vSet,
		assigns: []assign{{"n", "N", from(tInt, "in.N * 2", func(v *env) value { return n.eval(v).(int64) * 2 }, n)}},
	}
	all := &node{name: "all", role: sink, use: "file", from: []ref{{src, ""}}, in: order, path: "all.ndjson", format: "ndjson"}
	out := &node{name: "out", role: sink, use: "file", from: []ref{{doubled, ""}}, in: order, path: "out.ndjson", format: "ndjson"}
	p := &pipeline{name: "small", language: inYAML, types: []*typ{order}, sources: []*node{src}, processors: []*node{checked, large, doubled}, sinks: []*node{all, out, dead}}
	in := &File{Path: "in.ndjson", records: []string{
		`{"id":"a","n":1}` + "\n", ` {"n": 12, "more": [1], "id":"b"} ` + "\n", "\n", `{"id":"c","n":-1}` + "\n", `{"id":"d","n":1.5}` + "\n", `{"id":"e"` + "\n", `{"id":"f","n":20}`,
	}}
	return &Case{p: p, files: []*File{in}}, src
}

func TestKnownAnswer(t *testing.T) {
	c, src := small()
	out, err := interpret(c.p, c.files)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"all.ndjson": `{"id":"a","n":1} {"n": 12, "more": [1], "id":"b"} {"id":"c","n":-1} {"id":"f","n":20}`,
		"out.ndjson": `{"n": 24, "more": [1], "id":"b"} {"id":"f","n":40}`,
	} {
		var got []string
		for _, i := range out.files[path] {
			got = append(got, string(i.bytes))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s has %s", path, strings.Join(got, " "))
		}
	}
	counts := map[string]Counts{
		"orders": {In: 6, Out: 4, Dead: 2, Emitted: 4}, "checked": {In: 4, Out: 3, Dropped: 1, Emitted: 3}, "large": {In: 3, Out: 2, Filtered: 1, Emitted: 2},
		"doubled": {In: 2, Out: 2, Emitted: 2}, "all": {In: 4, Out: 4}, "out": {In: 2, Out: 2}, "dead": {In: 2, Out: 2},
	}
	for n, got := range out.counts {
		if *got != counts[n.name] {
			t.Errorf("%s counts %+v, want %+v", n.name, *got, counts[n.name])
		}
	}
	if out.bytes[src] != int64(len(c.files[0].Text())) {
		t.Errorf("%d bytes", out.bytes[src])
	}
	letters := out.dead[c.p.sinks[2]]
	if len(letters) != 2 || letters[0].origin.frame.line != 5 || letters[1].origin.frame.line != 6 || letters[0].node != src {
		t.Errorf("letters %+v", letters)
	}
}

// program writes what a program that does everything right leaves behind.
func program(t *testing.T, c *Case) (string, Run) {
	t.Helper()
	dir := t.TempDir()
	write := func(path, text string) {
		if err := os.WriteFile(filepath.Join(dir, path), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("in.ndjson", string(c.files[0].Text()))
	write("all.ndjson", `{"id":"a","n":1}`+"\n"+`{"n": 12, "more": [1], "id":"b"}`+"\n"+`{"id":"c","n":-1}`+"\n"+`{"id":"f","n":20}`+"\n")
	write("out.ndjson", `{"n": 24, "more": [1], "id":"b"}`+"\n"+`{"id":"f","n":40}`+"\n")
	c.p.text() // sets the lines
	letter := `{"pipeline":"small","node":"orders","line":"pipeline.yaml:%d","code":"%s","error":"x","attempts":1,"time":"now","source":"orders","position":{"split":"in.ndjson","line":%d,"offset":%d},%s}` + "\n"
	line := c.p.sources[0].line
	write("dead.ndjson", fmt.Sprintf(letter, line, "value", 5, 71, `"record":{"id":"d","n":1.5}`)+fmt.Sprintf(letter, line, "syntax", 6, 90, `"data":"eyJpZCI6ImUi"`))
	return dir, Run{Report: []byte(fmt.Sprintf(`{"ok":true,"ending":"complete","nodes":{
		"orders":{"in":6,"out":4,"dead":2,"emitted":4},"checked":{"in":4,"out":3,"dropped":1,"emitted":3},"large":{"in":3,"out":2,"filtered":1,"emitted":2},
		"doubled":{"in":2,"out":2,"emitted":2},"all":{"in":4,"out":4},"out":{"in":2,"out":2},"dead":{"in":2,"out":2}},
		"sources":{"orders":{"records":6,"bytes":%d}},"sinks":{"all":{"records":4},"out":{"records":2},"dead":{"records":2}}}`, len(c.files[0].Text())))}
}

func TestCheckAccepts(t *testing.T) {
	c, _ := small()
	dir, run := program(t, c)
	if d, err := c.Check(dir, run); err != nil || len(d) > 0 {
		t.Errorf("%v %v", d, err)
	}
}

// Whatever a program does wrong is a difference.
func TestCheckFinds(t *testing.T) {
	for name, spoil := range map[string]struct {
		file, from, to string
	}{
		"a record is lost":         {"out.ndjson", `{"id":"f","n":40}` + "\n", ""},
		"a record is there twice":  {"out.ndjson", `{"id":"f","n":40}` + "\n", `{"id":"f","n":40}` + "\n" + `{"id":"f","n":40}` + "\n"},
		"white space is lost":      {"out.ndjson", `"n": 24`, `"n":24`},
		"a value is wrong":         {"out.ndjson", "40", "41"},
		"the order is wrong":       {"all.ndjson", `{"id":"c","n":-1}` + "\n" + `{"id":"f","n":20}`, `{"id":"f","n":20}` + "\n" + `{"id":"c","n":-1}`},
		"the last line is open":    {"all.ndjson", `{"id":"f","n":20}` + "\n", `{"id":"f","n":20}`},
		"a letter is lost":         {"dead.ndjson", `,"data":"eyJpZCI6ImUi"`, ``},
		"a letter has no place":    {"dead.ndjson", `"line":5`, `"line":4`},
		"a letter has an input":    {"dead.ndjson", `"record":`, `"input":1,"record":`},
		"a letter has no code":     {"dead.ndjson", `"code":"value"`, `"code":"error"`},
		"a letter tells no error":  {"dead.ndjson", `"error":"x"`, `"error":""`},
		"a count is wrong":         {"report", `"filtered":1`, `"filtered":2`},
		"a node is not counted":    {"report", `"all":{"in":4,"out":4},"out"`, `"out"`},
		"the report is not good":   {"report", `"ok":true`, `"ok":false`},
		"bytes are counted wrong":  {"report", `"records":6`, `"records":7`},
		"a sink has other records": {"report", `"all":{"records":4}`, `"all":{"records":3}`},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := small()
			dir, run := program(t, c)
			if spoil.file == "report" {
				run.Report = []byte(strings.Replace(string(run.Report), spoil.from, spoil.to, 1))
			} else {
				path := filepath.Join(dir, spoil.file)
				b, err := os.ReadFile(path)
				if err != nil || !strings.Contains(string(b), spoil.from) {
					t.Fatalf("%v: no %s", err, spoil.from)
				}
				if err := os.WriteFile(path, []byte(strings.Replace(string(b), spoil.from, spoil.to, 1)), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if d, err := c.Check(dir, run); err != nil || len(d) == 0 {
				t.Errorf("it is not found (%v)", err)
			}
		})
	}
	c, _ := small()
	dir, run := program(t, c)
	if err := os.WriteFile(filepath.Join(dir, "more.ndjson"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if d, err := c.Check(dir, run); err != nil || len(d) != 1 {
		t.Errorf("a file that nobody should write: %v %v", d, err)
	}
	run.Failed = true
	if d, err := c.Check(dir, run); err != nil || len(d) == 0 {
		t.Errorf("a program that failed: %v %v", d, err)
	}
}

// A program that has to stop, and does not, is wrong as well.
func TestCheckStops(t *testing.T) {
	c, src := small()
	src.onError = nil
	if !c.Stops() {
		t.Fatal("a bad record does not stop")
	}
	dir, run := program(t, c)
	if d, err := c.Check(dir, run); err != nil || len(d) == 0 {
		t.Errorf("it went on: %v %v", d, err)
	}
	run = Run{Failed: true, Report: []byte("{\"ending\":\"failed\",\"error\":\"pipeline.yaml:5: `orders` failed on record 5\",\"nodes\":{\"orders\":{\"in\":5,\"out\":3,\"failed\":1,\"pending\":1}}}")}
	for _, path := range []string{"all.ndjson", "out.ndjson"} {
		if err := os.Remove(filepath.Join(dir, path)); err != nil {
			t.Fatal(err)
		}
	}
	if d, err := c.Check(dir, run); err != nil || len(d) > 0 {
		t.Errorf("it stopped: %v %v", d, err)
	}
}
