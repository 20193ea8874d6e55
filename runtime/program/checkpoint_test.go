package program

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What an earlier run left can be exported, edited, imported and rewound; what is
// changed is told, and nobody is surprised.
func TestCheckpointCommands(t *testing.T) {
	dir := t.TempDir()
	output := func() string {
		data, err := os.ReadFile(filepath.Join(dir, "out.txt"))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	startIn(t, dir, nil, "checkpoint", "export").check(t, exitEnvironment, "there is no checkpoint to export")
	startIn(t, dir, nil, "checkpoint", "rewind", "--to", "start", "--yes").check(t, exitEnvironment, "there is no checkpoint")
	run := func() { // 300 numbers, of which the last fails
		t.Helper()
		startIn(t, dir, nil, "--set", "ledger.config.count=300", "--set", "work.fail=300").check(t, exitDied, "an unlucky number")
	}
	run()
	startIn(t, dir, nil, "checkpoint", "show").check(t, 0, "source ledger numbers: 200 after 200 records")
	r := startIn(t, dir, nil, "checkpoint", "export", "saved.json")
	r.check(t, 0)
	saved, err := os.ReadFile(filepath.Join(dir, "saved.json"))
	if err != nil || !strings.Contains(string(saved), `"position": 200`) {
		t.Fatal(string(saved), err)
	}

	startIn(t, dir, nil, "checkpoint", "rewind", "--to", "start", "--dry-run").check(t, 0,
		"source ledger numbers: from 200 to the start", "what is read once more will be once more in `store`", "this is a dry run")
	startIn(t, dir, nil, "checkpoint", "show").check(t, 0, "numbers: 200")
	startIn(t, dir, nil, "checkpoint", "rewind", "--to", "start").check(t, exitUsage, "say --yes, or --dry-run")
	startIn(t, dir, nil, "checkpoint", "rewind", "--to", "start", "--yes").check(t, 0, "saved as generation")
	startIn(t, dir, nil, "checkpoint", "show").check(t, 0, "source ledger: at the start")
	run()
	if got := output(); !strings.HasPrefix(got, "0\n") {
		t.Fatalf("behind the rewind it began with %.20q", got)
	}

	startIn(t, dir, nil, "checkpoint", "rewind", "--to", "100", "--source", "ledger", "--split", "numbers", "--yes").check(t, 0, "from 200 to 100")
	startIn(t, dir, nil, "checkpoint", "show").check(t, 0, "source ledger numbers: 100\n")
	run()
	if got := output(); !strings.HasPrefix(got, "100\n") {
		t.Fatalf("behind the rewind it began with %.20q", got)
	}

	startIn(t, dir, nil, "checkpoint", "rewind", "--to", "start", "--source", "ledger", "--yes").check(t, 0)
	startIn(t, dir, nil, "checkpoint", "import", "saved.json", "--yes").check(t, 0, "from the start to 200")
	startIn(t, dir, nil, "checkpoint", "import", "--yes", "saved.json").check(t, 0, "nothing changes")
	startIn(t, dir, nil, "checkpoint", "show", "--format", "json").check(t, 0, `"position": 200`)
}

// Mistakes leave the checkpoint as it is.
func TestCheckpointMistakes(t *testing.T) {
	dir := t.TempDir()
	startIn(t, dir, nil, "--set", "ledger.config.count=300", "--set", "work.fail=300").check(t, exitDied)
	write := func(name, text string) string {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	for _, c := range []struct {
		want string
		code int
		args []string
	}{
		{"say what to do", exitUsage, nil},
		{"did you mean checkpoint rewind?", exitUsage, []string{"rewnd"}},
		{"say where with --to", exitUsage, []string{"rewind", "--yes"}},
		{"neither start, nor a time", exitUsage, []string{"rewind", "--to", "yesterday", "--yes"}},
		{"no source `ledgre`", exitUsage, []string{"rewind", "--to", "start", "--source", "ledgre", "--yes"}},
		{`no split "letters"`, exitUsage, []string{"rewind", "--to", "7", "--source", "ledger", "--split", "letters", "--yes"}},
		{"of one --source", exitUsage, []string{"rewind", "--to", "7", "--yes"}},
		{"rewind it to a position, or to the start", exitUsage, []string{"rewind", "--to", "2026-01-31T12:00:00Z", "--yes"}},
		{"name the file", exitUsage, []string{"import", "--yes"}},
		{"no such file", exitEnvironment, []string{"import", "missing.json", "--yes"}},
		{"is no exported checkpoint", exitEnvironment, []string{"import", write("bad.json", "{]"), "--yes"}},
		{"unknown field", exitEnvironment, []string{"import", write("other.json", `{"a": 1}`), "--yes"}},
		{"is of the pipeline `letters`", exitEnvironment, []string{"import", write("letters.json", `{"pipeline": "letters", "sources": {"ledger": {"splits": {}}}}`), "--yes"}},
		{"the state is of another pipeline", exitEnvironment, []string{"import", write("shape.json", `{"pipeline": "numbers", "shape": ["source x"], "sources": {"x": {"splits": {}}}}`), "--yes"}},
	} {
		startIn(t, dir, nil, append([]string{"checkpoint"}, c.args...)...).check(t, c.code, c.want)
		startIn(t, dir, nil, "checkpoint", "show").check(t, 0, "numbers: 200 after 200 records")
	}
}
