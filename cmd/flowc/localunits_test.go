package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends/local"
	"github.com/flowc-dev/flowc/backends/local/systemd"
	"github.com/flowc-dev/flowc/compiler/driver"
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

// TestAppliedUnits has systemd check the units that are applied, to the system and to a
// user's own manager: with the notes in them and for a version of the program.
func TestAppliedUnits(t *testing.T) {
	t.Parallel()
	tool, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not here: nobody but systemd can check its units")
	}
	for _, name := range []string{"csv-to-ndjson", "durable", "scaled", "scaled-live", "serve"} {
		p := compileForTarget(t, filepath.Join(casesDir, name), local.Backend{})
		r := &driver.Result{Program: p, Dir: "/src/" + name}
		for _, by := range []string{managerSystem, managerUser} {
			t.Run(name+"/"+by, func(t *testing.T) {
				dir := t.TempDir()
				files := unitFiles(unitsOf(by, "/base", "/config"), r, p.Name+":cafe-v1", "/config")
				release, err := systemd.Release(files)
				if err != nil || release.ID != p.Name || release.Hash != layout(p).Hash || release.Image != p.Name+":cafe-v1" || release.Folder != r.Dir {
					t.Errorf("%+v %v", release, err)
				}
				args := []string{"verify", "--man=no"}
				if by == managerUser {
					args = append(args, "--user")
				}
				for _, f := range files {
					if strings.HasSuffix(f.Path, ".service") && !bytes.Contains(f.Data, []byte("/"+p.Name+"/cafe-v1/"+p.Name)) {
						t.Errorf("%s does not start the version:\n%s", f.Path, f.Data)
					}
					text := execStart.ReplaceAll(f.Data, []byte("ExecStart=/bin/true"))
					args = append(args, filepath.Join(dir, f.Path))
					if err := os.WriteFile(args[len(args)-1], text, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				cmd := exec.Command(tool, args...)
				cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+t.TempDir())
				if text, err := cmd.CombinedOutput(); err != nil || len(text) > 0 {
					t.Errorf("%v\n%s", err, text)
				}
			})
		}
	}
}

// A file beside the pipeline is where the unit may read it.
func TestAppliedUnitsReadHome(t *testing.T) {
	p := compileForTarget(t, filepath.Join(casesDir, "quiet"), local.Backend{})
	input := false
	for dir, protects := range map[string]string{"/home/me/csv": "ProtectHome=read-only\n", "/srv/csv": "ProtectHome=yes\n"} {
		files := unitFiles(unitsOf(managerSystem, "", ""), &driver.Result{Program: p, Dir: dir}, p.Name+":cafe-v1", "/etc")
		for _, f := range files {
			input = input || bytes.Contains(f.Data, []byte(".config.path="+dir+"/"))
			if !bytes.Contains(f.Data, []byte(protects)) {
				t.Errorf("from %s there is no %s in\n%s", dir, protects, f.Data)
			}
		}
	}
	if !input {
		t.Error("it reads no file from there: the test says little")
	}
}

// Who looks after what is applied: systemd where it runs, of the system for root alone.
func TestLocalManager(t *testing.T) {
	booted, runtime := t.TempDir(), t.TempDir()
	if err := os.Mkdir(filepath.Join(runtime, "systemd"), 0o700); err != nil {
		t.Fatal(err)
	}
	nowhere := filepath.Join(booted, "nowhere")
	for _, c := range []struct {
		wanted, booted, runtime string
		uid                     int
		is, says                string
	}{
		{"", booted, runtime, 0, managerSystem, ""},
		{"", booted, runtime, 1000, managerUser, ""},
		{"", booted, nowhere, 1000, managerSupervisor, ""},
		{"", booted, "", 1000, managerSupervisor, ""},
		{"", nowhere, runtime, 0, managerSupervisor, ""},
		{"", nowhere, runtime, 1000, managerSupervisor, ""},
		{"supervisor", booted, runtime, 0, managerSupervisor, ""},
		{"user", booted, runtime, 0, managerUser, ""},
		{"user", booted, nowhere, 1000, "", "no such systemd runs here: " + nowhere},
		{"system", nowhere, runtime, 0, "", "no such systemd runs here: " + nowhere},
		{"system", booted, runtime, 1000, "", "only root"},
		{"launchd", booted, runtime, 0, "", "it is system, user or supervisor"},
	} {
		is, err := localManager(c.wanted, c.booted, c.runtime, c.uid)
		if is != c.is || (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %q %v", c, is, err)
		}
	}
	if e := unitsOf(managerSystem, "/base", "/etc"); e.User || e.Place() != "this machine, as units of systemd" {
		t.Errorf("%+v", e)
	}
	if places := []string{unitsOf(managerSystem, "", "").Place(), unitsOf(managerUser, "", "").Place()}; slices.Contains(places, "") || places[0] == places[1] {
		t.Errorf("%q", places)
	}
}
