package compare

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func files(t *testing.T, r Rule, want, got string) error {
	t.Helper()
	dir := t.TempDir()
	a, b := filepath.Join(dir, "want"), filepath.Join(dir, "got")
	for path, text := range map[string]string{a: want, b: got} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return r.Files(a, b)
}

func TestRules(t *testing.T) {
	bytes, values := Rule{}, Rule{JSON: true}
	nine, any, set := Rule{JSON: true, Digits: 9}, Rule{Unordered: true}, Rule{JSON: true, Digits: 9, Unordered: true}
	for _, test := range []struct {
		name      string
		rule      Rule
		want, got string
		line      int // of the difference, 0: none
	}{
		{"equal", bytes, "a\nb\n", "a\nb\n", 0},
		{"both empty", bytes, "", "", 0},
		{"one byte", bytes, "a\nb\n", "a\nc\n", 2},
		{"a line missing", bytes, "a\nb\n", "a\n", 2},
		{"a line too many", bytes, "a\n", "a\nb\n", 2},
		{"no last line end", bytes, "a\nb\n", "a\nb", 2},
		{"blank line", bytes, "a\nb\n", "a\n\nb\n", 2},
		{"two lines swapped", bytes, "a\nb\n", "b\na\n", 1},
		{"nothing", bytes, "a\n", "", 1},
		{"spacing is bytes", bytes, `{"a":1}` + "\n", `{"a": 1}` + "\n", 1},

		{"spacing", values, `{"a":1,"b":[1,2]}` + "\n", `{ "b": [1, 2], "a": 1 }` + "\n", 0},
		{"escapes", values, `{"a":"é/"}`, `{"a":"\u00e9\/"}`, 0},
		{"number spelling", values, `[100,0.5]`, `[1e2,0.50]`, 0},
		{"number beyond doubles", values, `[9007199254740993]`, `[9007199254740992]`, 1},
		{"decimal string is a string", values, `{"a":"1.50"}`, `{"a":"1.5"}`, 1},
		{"string is no number", values, `{"a":"1"}`, `{"a":1}`, 1},
		{"key missing", values, `{"a":1,"b":2}`, `{"a":1}`, 1},
		{"null is not missing", values, `{"a":1}`, `{"a":1,"b":null}`, 1},
		{"key renamed", values, `{"a":1}`, `{"b":1}`, 1},
		{"list order", values, `[1,2]`, `[2,1]`, 1},
		{"list length", values, `[1,2]`, `[1,2,3]`, 1},
		{"true is not 1", values, `[true]`, `[1]`, 1},
		{"line order", values, "[1]\n[2]\n", "[2]\n[1]\n", 1},

		{"rounded", nine, `{"a":"5.31433724950"}`, `{"a":"5.3143372495"}`, 0},
		{"a double", nine, `{"a":"0.3"}`, `{"a":0.30000000000000004}`, 0},
		{"too far", nine, `{"a":"1.00000000"}`, `{"a":"1.00000001"}`, 1},
		{"zero is exact", nine, `{"a":"0"}`, `{"a":"0.0000000001"}`, 1},
		{"words stay words", nine, `{"a":"abc"}`, `{"a":"abd"}`, 1},
		{"hostile exponent", nine, `{"a":"1"}`, `{"a":"1e999999999"}`, 1},
		{"a fraction is no number", nine, `{"a":"0.5"}`, `{"a":"1/2"}`, 1},

		{"any order", any, "a\nb\nb\n", "b\na\nb\n", 0},
		{"repetitions count", any, "a\na\nb\n", "a\nb\nb\n", 2},
		{"set of values", set, `{"a":1,"n":"2.0"}` + "\n" + `{"a":2,"n":"3.0"}` + "\n", `{"n":3.0000000000001,"a":2}` + "\n" + `{"n":2,"a":1}` + "\n", 0},
		{"set lacks one", set, `{"a":1}` + "\n" + `{"a":2}` + "\n", `{"a":1}` + "\n", 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := files(t, test.rule, test.want, test.got)
			var d *Difference
			switch {
			case test.line == 0 && err != nil:
				t.Errorf("differ: %v", err)
			case test.line > 0 && !errors.As(err, &d):
				t.Errorf("no difference was found (%v)", err)
			case test.line > 0 && d.Line != test.line:
				t.Errorf("the difference is in line %d (%v), want line %d", d.Line, d, test.line)
			}
		})
	}
}

func TestResultThatIsNoJSON(t *testing.T) {
	for _, rule := range []Rule{{JSON: true}, {JSON: true, Unordered: true}} {
		for _, got := range []string{"oops\n", "{\"a\":1} {\"a\":1}\n"} {
			if err := files(t, rule, "{\"a\":1}\n", got); err == nil {
				t.Errorf("%v: %q counts as equal", rule, got)
			}
		}
	}
}

func TestLongLines(t *testing.T) {
	long := strings.Repeat("x", 1<<18)
	if err := files(t, Rule{}, long+"\n", long+"\n"); err != nil {
		t.Error(err)
	}
	err := files(t, Rule{}, long+"a\n", long+"b\n")
	if err == nil || len(err.Error()) > 1000 {
		t.Errorf("a difference in a long line: %.100v", err)
	}
}

func TestMissingResult(t *testing.T) {
	if err := (Rule{}).Files(os.DevNull, filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
