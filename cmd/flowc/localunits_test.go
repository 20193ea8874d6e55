package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

var execStart = regexp.MustCompile(`(?m)^ExecStart=.*$`)

// exposure is what systemd-analyze says of how much of the host a unit can reach, of 10.
var exposure = regexp.MustCompile(`Overall exposure level for [^:]*: ([0-9.]+)`)

// TestLocalUnits has systemd itself check the golden units: it refuses or warns of none,
// and none is exposed more than what is shut off from all but the network and its user's
// own files.
func TestLocalUnits(t *testing.T) {
	t.Parallel()
	tool, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not here: nobody but systemd can check its units")
	}
	services, err := filepath.Glob(filepath.Join(casesDir, "*", "local", "*.service"))
	if err != nil || len(services) < 5 {
		t.Fatalf("%d units: %v", len(services), err)
	}
	for _, path := range services {
		t.Run(filepath.Base(path), func(t *testing.T) {
			dir := t.TempDir()
			timers, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*.timer"))
			if err != nil {
				t.Fatal(err)
			}
			args := []string{"verify", "--man=no"}
			for _, unit := range append(timers, path) {
				text, err := os.ReadFile(unit)
				if err != nil {
					t.Fatal(err)
				}
				// Of the program it says no more than that it must be there.
				text = execStart.ReplaceAll(text, []byte("ExecStart=/bin/true"))
				args = append(args, filepath.Join(dir, filepath.Base(unit)))
				if err := os.WriteFile(args[len(args)-1], text, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if text, err := exec.Command(tool, args...).CombinedOutput(); err != nil || len(text) > 0 {
				t.Errorf("%v\n%s", err, text)
			}
			text, err := exec.Command(tool, "security", "--offline=true", "--threshold=15", path).CombinedOutput()
			if err != nil {
				t.Errorf("exposed more than 1.5 of 10: %v\n%s", err, text)
			}
			t.Logf("%s", exposure.Find(text))
		})
	}
}
