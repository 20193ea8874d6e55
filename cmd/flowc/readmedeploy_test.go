package main

import (
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A readmeDeploy does what the README says of `flowc apply`, on one target.
type readmeDeploy struct {
	t      *testing.T
	dir    string
	target string
	// flowc runs a command, fails the test where its exit code is another, and returns
	// what it says.
	flowc func(code int, args ...string) string
	// kill ends the program's process.
	kill func()
	// apply are more arguments of `flowc apply`.
	apply []string
}

// do applies the pipeline, kills it, changes it and deletes it.
func (d readmeDeploy) do() {
	t := d.t
	t.Helper()
	var text string
	var commands []string
	for _, b := range blocksOf(t, "README.md") {
		switch {
		case b.args == "file=beats.yaml":
			text = b.text
		case b.args == "deploy":
			commands = append(commands, strings.Split(strings.TrimSpace(b.text), "\n")...)
		}
	}
	if len(commands) != 5 || !strings.Contains(text, "% 2 == 0") {
		t.Fatalf("the README has %q, and %q", text, commands)
	}
	file := filepath.Join(d.dir, "beats.yaml")
	writeFile(t, file, text)

	d.says(commands[0], "beats: applied, ready")
	d.says(commands[1], "ready")
	eventually(t, "it counts", func() bool { return len(d.numbers(commands[2])) > 5 })
	d.kill()
	before := last(d.numbers(commands[2]))
	eventually(t, "it goes on", func() bool { return last(d.numbers(commands[2])) > before+10 })
	d.whole(d.numbers(commands[2]), 2)

	writeFile(t, file, strings.Replace(text, "% 2", "% 3", 1))
	before = last(d.numbers(commands[2]))
	d.says(commands[3], "beats: applied, ready")
	var changed []int
	eventually(t, "the change is there", func() bool {
		changed = slices.DeleteFunc(d.numbers(commands[2]), func(n int) bool { return n <= before || n%3 > 0 })
		return slices.ContainsFunc(changed, func(n int) bool { return n%2 == 1 })
	})
	odd := slices.IndexFunc(changed, func(n int) bool { return n%2 == 1 })
	d.whole(changed[odd:], 3)
	d.says(commands[3], "beats: unchanged, ready")

	d.says(commands[4], "beats: deleted")
	d.flowc(exitEnv, "status", "beats.yaml", "--target", d.target)
}

// says runs a command of the README's, for this target, and looks for texts in what it says.
func (d readmeDeploy) says(line string, texts ...string) string {
	d.t.Helper()
	args := strings.Fields(strings.TrimPrefix(strings.ReplaceAll(line, "--target compose", "--target "+d.target), "$ flowc "))
	switch args[0] {
	case "apply":
		args = append(append(args, d.apply...), "--yes")
	case "delete":
		args = append(args, "--yes")
	}
	said := d.flowc(exitOK, args...)
	for _, text := range texts {
		if !strings.Contains(said, text) {
			d.t.Errorf("flowc %s does not say %q:\n%s", strings.Join(args, " "), text, said)
		}
	}
	return said
}

var beat = regexp.MustCompile(`\{"n":(\d+)\}`)

// numbers are those in all of the log, in order and once.
func (d readmeDeploy) numbers(line string) (all []int) {
	d.t.Helper()
	for _, m := range beat.FindAllStringSubmatch(d.says(strings.Replace(line, "--tail 20", "--tail=-1", 1)), -1) {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			d.t.Fatal(err)
		}
		all = append(all, n)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// whole fails the test where a number is missing.
func (d readmeDeploy) whole(all []int, step int) {
	d.t.Helper()
	for i, n := range all {
		if want := all[0] + i*step; n != want {
			d.t.Fatalf("%d is missing: %v", want, all)
		}
	}
	d.t.Logf("%d numbers, and none is missing", len(all))
}

func last(all []int) int {
	if len(all) == 0 {
		return -1
	}
	return all[len(all)-1]
}
