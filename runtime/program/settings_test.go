package program

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPrecedence(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.conf"), []byte("\ufeff# more, from an editor of Windows\r\n\r\nledger.config.count = 20\r\nstore.config.tags = a, b\r\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	environment := []string{"PROGRAM_TEST_PRINT=1", "TEST_PASSWORD=hunter2", "FLOWC_SET=ledger.config.count=10\nledger.config.every=1ms\nstore.config.tags=x"}
	startIn(t, dir, environment).check(t, 0, "count:10 ", "every:1000000 ", "tags:[x]", "password:user:hunter2@host", "limit:65536")
	startIn(t, dir, environment, "--set-file", "a.conf").check(t, 0, "count:20 ", "every:1000000 ", "tags:[a b]")
	startIn(t, dir, environment, "--set-file=a.conf", "--set", "ledger.config.count=30", "--set=store.config.limit=2KB").check(t, 0, "count:30 ", "every:1000000 ", "tags:[a b]", "limit:2000")
}

func TestBadSettings(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.conf"), []byte("# one\nledger.config.count: 3\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		env  []string
		args []string
		code int
		says []string
	}{
		{nil, []string{"--set", "ledger.confg.count=3"}, 2, []string{"--set ledger.confg.count: there is no setting `ledger.confg.count` (did you mean `ledger.config.count`?)"}},
		{nil, []string{"--set", "x=3"}, 2, []string{"there is no setting `x` (--help lists them)"}},
		{nil, []string{"--set", "ledger.config.count=many"}, 2, []string{`--set ledger.config.count: expected a whole number, not "many" (numbers.yaml:4)`}},
		{nil, []string{"--set", "ledger.config.count=99999999999999999999"}, 2, []string{"within its range"}},
		{nil, []string{"--set", "ledger.config.every=5"}, 2, []string{"expected a duration like 500ms or 1m30s"}},
		{nil, []string{"--set", "store.config.limit=5 apples", "--set", "ledger.config.endless=maybe"}, 2, []string{"expected a size like 64KiB or 10MB", "expected true or false"}},
		{nil, []string{"--set", "nothing"}, 2, []string{"expected key=value"}},
		{[]string{"FLOWC_SET=a b\nc"}, nil, 2, []string{"FLOWC_SET line 1: expected key=value"}},
		{[]string{"FLOWC_SET=#\nledger.config.count=x"}, nil, 2, []string{`FLOWC_SET line 2: ledger.config.count: expected a whole number, not "x"`}},
		{nil, []string{"--set-file", "a.conf"}, 2, []string{"a.conf:2: expected key=value"}},
		{nil, []string{"--set-file", "b.conf"}, 2, []string{"--set-file b.conf: no such file or directory"}},
		{nil, []string{"--frsh"}, 2, []string{"unknown flag --frsh (did you mean --fresh?)"}},
		{nil, []string{"--report"}, 2, []string{"flag needs an argument: --report"}},
		{nil, []string{"rn"}, 2, []string{"unknown command rn (did you mean run?)"}},
		{nil, []string{"run", "x"}, 2, []string{`unexpected argument "x"`}},
		{nil, []string{"--log-format", "xml"}, 2, []string{"--log-format: expected text, json"}},
		{nil, []string{"--log-level", "loud"}, 2, []string{"--log-level: expected debug, info, warn, error"}},
		{nil, []string{"checkpoint"}, 2, []string{"say what to do: show, export, import, rewind"}},
		{nil, []string{"--set", "store.config.fatal=it can't be"}, 6, []string{"numbers: error: numbers.yaml:14: it can't be"}},
		{[]string{"TEST_LIMIT=lots"}, nil, 6, []string{"numbers.yaml:13: error: store.config.limit: expected a size like 64KiB or 10MB, in the value of ${env:TEST_LIMIT}"}},
		{[]string{"TEST_LIMIT=lots"}, []string{"--set", "store.config.limit=1KB"}, 0, nil},
		{nil, []string{"--set", "ledger.config.path=/no/such/folder/x"}, 6, []string{"numbers.yaml:11: error: `store`: open:", "no such file or directory"}},
	} {
		r := startIn(t, dir, test.env, test.args...)
		r.check(t, test.code, test.says...)
	}
}

func TestMissingReferences(t *testing.T) {
	a, b := "", ""
	s := &Spec{Refs: []Ref{
		{Key: "x.dsn", Place: "p.yaml:3", Set: String(&a), Parts: []Part{Literal("postgres://"), Env("DB_USER"), Literal(":"), Env("DB_PASSWORD")}},
		{Key: "y.key", Place: "p.yaml:9", Set: String(&b), Parts: []Part{File("/run/secrets/key")}},
	}}
	env := environment{
		lookup:   func(name string) (string, bool) { return "me", name == "DB_USER" },
		readFile: func(path string) ([]byte, error) { return os.ReadFile(filepath.Join(t.TempDir(), "none")) },
	}
	err := resolve(s, env, nil)
	var e *environmentError
	want := "p.yaml:3: x.dsn: the environment variable DB_PASSWORD is not set\np.yaml:9: y.key: the file /run/secrets/key: no such file or directory"
	if !errors.As(err, &e) || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if exitCode(nil, err, nil) != 6 {
		t.Error("exit code")
	}
	env.lookup = func(name string) (string, bool) { return "it", true }
	env.readFile = func(string) ([]byte, error) { return []byte("secret \r\n"), nil }
	if err := resolve(s, env, nil); err != nil || a != "postgres://it:it" || b != "secret " {
		t.Errorf("%v %q %q", err, a, b)
	}
}

// A secret is printed nowhere: not in errors, not in --help.
func TestSecrets(t *testing.T) {
	for _, r := range []result{
		start(t, []string{"TEST_PASSWORD=hunter2"}, "--help"),
		start(t, []string{"TEST_PASSWORD=hunter2", "TEST_LIMIT=hunter2"}),
		start(t, []string{"FLOWC_SET=hunter2"}),
		start(t, []string{"TEST_PASSWORD=hunter2"}, "--log-level", "debug", "--set", "store.config.password=hunter2"),
	} {
		if strings.Contains(r.stdout+r.stderr, "hunter2") {
			t.Errorf("a secret is printed:\n%s%s", r.stdout, r.stderr)
		}
	}
	pin := 0
	s := &Spec{Settings: []Setting{{Key: "a.pin", Set: Int(&pin), Secret: true}}}
	if err := resolve(s, environment{}, []assignment{{"a.pin", "hunter2", "--set a.pin"}}); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Error(err)
	}
}

// An environment may have settings of several pipelines.
func TestSettingsOfPipelines(t *testing.T) {
	env := environment{lookup: func(string) (string, bool) {
		return "a.config.x=1\nshop:a.config.y=2\nother:a.config.z=3\na.config.u=http://x:1", true
	}}
	got, err := collect("shop", env, nil, []string{"other:a.config.v=4", "shop:a.config.w=5"})
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, a := range got {
		keys = append(keys, a.key+"="+a.value)
	}
	if want := "a.config.x=1 a.config.y=2 a.config.u=http://x:1 a.config.w=5"; strings.Join(keys, " ") != want {
		t.Errorf("got %q, want %q", keys, want)
	}
}
