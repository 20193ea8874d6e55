//go:build unix

package runs

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/backends/local/alive"
	"github.com/flowc-dev/flowc/backends/local/live"
)

func claim(t *testing.T, f Folder, s Start) *Run {
	t.Helper()
	r, err := f.Claim(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// become has another process be a run.
func (r *Run) become(t *testing.T, p alive.Process) {
	t.Helper()
	r.Process = p
	if err := write(r.path(recordFile), r); err != nil {
		t.Fatal(err)
	}
}

// sleeper is a process that runs until it is told to end, by script.
func sleeper(t *testing.T, script string) (alive.Process, *exec.Cmd) {
	t.Helper()
	cmd := exec.Command("sh", "-c", script)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil { // it says when it begins
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return alive.Identify(cmd.Process.Pid), cmd
}

func state(t *testing.T, r *Run) (deploy.State, string) {
	t.Helper()
	look := r.Look(t.Context())
	return look.State(), look.Instances[0].Says
}

// A run that lives keeps its name, and one that has ended gives it to the next; one that
// was killed is told from one whose number another process has by now.
func TestNames(t *testing.T) {
	f := Folder(filepath.Join(t.TempDir(), "runs"))
	if all, err := f.All(); err != nil || len(all) != 0 {
		t.Fatal(all, err)
	}
	first := claim(t, f, Start{Pipeline: "shop", File: "/a/shop.yaml"})
	second := claim(t, f, Start{Pipeline: "shop"})
	if first.Name != "shop" || second.Name != "shop-2" {
		t.Errorf("they are called %s and %s", first.Name, second.Name)
	}
	var taken *TakenError
	if _, err := f.Claim(Start{Pipeline: "other", Wanted: "shop"}); !errors.As(err, &taken) || !strings.Contains(err.Error(), "of /a/shop.yaml") {
		t.Error(err)
	}
	// The same number, of a process that was born at another time.
	first.become(t, alive.Process{PID: os.Getpid(), Born: "before"})
	if is, says := state(t, first); is != deploy.Failed || !strings.Contains(says, "was killed") {
		t.Errorf("a run whose process is another by now is %s: %s", is, says)
	}
	if in, err := first.Stop(t.Context(), time.Minute, func() {}); err != nil || !in {
		t.Errorf("a process of another was touched: %v %v", in, err)
	}
	if err := os.WriteFile(first.LogPath(), []byte("said\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	again := claim(t, f, Start{Pipeline: "shop"})
	if again.Name != "shop" {
		t.Errorf("it is called %s", again.Name)
	}
	if text, err := os.ReadFile(again.LogPath() + ".1"); err != nil || string(text) != "said\n" {
		t.Errorf("the log of the run before is %q: %v", text, err)
	}
	if err := again.Remove(); err == nil {
		t.Error("a run that lives was removed")
	}
	again.become(t, alive.Process{PID: os.Getpid(), Born: "before"})
	again.At = time.Now().Add(-2 * keptFor)
	again.become(t, again.Process)
	claim(t, f, Start{Pipeline: "new"})
	all, err := f.All()
	if err != nil || len(all) != 2 || all[0].Name != "new" || all[1].Name != "shop-2" {
		t.Errorf("what ended long ago is kept: %v %v", all, err)
	}
}

// A program says how it does, or does not; its end is what it noted.
func TestLook(t *testing.T) {
	f := Folder(t.TempDir())
	r := claim(t, f, Start{Pipeline: "shop", Hash: "abc"})
	if is, _ := state(t, r); is != deploy.Starting {
		t.Errorf("before it answers it is %s", is)
	}
	answer, status := "", 200
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Read(make([]byte, 4096))
			fmt.Fprintf(c, "HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s", status, len(answer), answer)
			_ = c.Close()
		}
	}()
	if err := os.WriteFile(r.path(addressFile), []byte(socket), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		answer string
		want   deploy.State
		says   string
	}{
		{`{"ready": true, "records": 7}`, deploy.Ready, ""},
		{`{"says": "starting"}`, deploy.Starting, "starting"},
		{"{\"says\": \"`in`: refused\"}", deploy.Unready, "refused"},
		{`{`, deploy.Unready, "can't be read"},
	} {
		answer = c.answer
		if is, says := state(t, r); is != c.want || !strings.Contains(says, c.says) {
			t.Errorf("%s: %s %q", c.answer, is, says)
		}
	}
	status = 503
	if is, says := state(t, r); is != deploy.Unready || !strings.Contains(says, `answers "HTTP/1.1 503 X"`) {
		t.Errorf("%s %s", is, says)
	}
	_ = l.Close()
	if is, says := state(t, r); is != deploy.Unready || !strings.Contains(says, "does not say how it does") {
		t.Errorf("%s %s", is, says)
	}
	for _, c := range []struct {
		end  End
		want deploy.State
	}{
		{End{Code: 0, Ending: "complete", Totals: &deploy.Totals{In: 3}}, deploy.Ended},
		{End{Code: 0, Ending: "drained"}, deploy.Stopped},
		{End{Code: 143}, deploy.Stopped},
		{End{Code: 130}, deploy.Stopped},
		{End{Code: 7, Error: "it died"}, deploy.Failed},
	} {
		if err := write(r.path(endedFile), c.end); err != nil {
			t.Fatal(err)
		}
		look := r.Look(t.Context())
		if i := look.Instances[0]; look.State() != c.want || i.ExitCode != c.end.Code || i.Says != c.end.Error || (i.Totals == nil) != (c.end.Totals == nil) {
			t.Errorf("%+v: %s %+v", c.end, look.State(), i)
		}
	}
}

// The processes of a group are as who looks after them says, until that is killed.
func TestGroup(t *testing.T) {
	f := Folder(t.TempDir())
	r := claim(t, f, Start{Pipeline: "shop", Processes: []string{"in", "out"}})
	process, _ := sleeper(t, "echo; exec sleep 1000")
	all := []live.Status{{Name: "in", Phase: live.Ready, PID: process.PID}, {Name: "out", Phase: live.Pausing, Restarts: 3, Code: 9}}
	if err := r.Changed(all); err != nil {
		t.Fatal(err)
	}
	look := r.Look(t.Context())
	if look.State() != deploy.Dying || len(look.Instances) != 2 || look.Instances[0].State != deploy.Ready || look.Instances[1].Restarts != 3 {
		t.Errorf("%s %+v", look.State(), look.Instances)
	}
	r.become(t, alive.Process{PID: os.Getpid(), Born: "before"})
	look = r.Look(t.Context())
	if i := look.Instances[0]; i.State != deploy.Failed || !strings.Contains(i.Says, "just ending") {
		t.Errorf("%+v", i)
	}
	for i := range all {
		all[i] = live.Status{Name: all[i].Name, Phase: live.Over}
	}
	if err := errors.Join(r.Changed(all), r.End(0, true)); err != nil {
		t.Fatal(err)
	}
	if is := r.Look(t.Context()).State(); is != deploy.Stopped {
		t.Errorf("a group that was told to end is %s", is)
	}
	if err := r.End(0, false); err != nil {
		t.Fatal(err)
	}
	if is := r.Look(t.Context()).State(); is != deploy.Ended {
		t.Errorf("a group whose input has ended is %s", is)
	}
}

// A run that does not end in time is killed, and with it what it looks after.
func TestStop(t *testing.T) {
	f := Folder(t.TempDir())
	r := claim(t, f, Start{Pipeline: "shop"})
	process, cmd := sleeper(t, `trap "exit 0" TERM; echo; while :; do sleep 0.01; done`)
	r.become(t, process)
	go func() { _ = cmd.Wait() }()
	if inOrder, err := r.Stop(t.Context(), time.Minute, func() {}); err != nil || !inOrder {
		t.Error(inOrder, err)
	}
	stubborn, _ := sleeper(t, `trap "" TERM; echo; while :; do sleep 0.01; done`)
	child, _ := sleeper(t, `trap "" TERM; echo; while :; do sleep 0.01; done`)
	r.become(t, stubborn)
	if err := r.Changed([]live.Status{{Name: "in", PID: child.PID}}); err != nil {
		t.Fatal(err)
	}
	if inOrder, err := r.Stop(t.Context(), 50*time.Millisecond, func() {}); err != nil || inOrder {
		t.Error(inOrder, err)
	}
	if stubborn.Alive() || child.Alive() {
		t.Error("one is left")
	}
}

// What is written is what is read.
func TestRecord(t *testing.T) {
	f := Folder(t.TempDir())
	s := Start{Pipeline: "shop", Hash: "h", File: "/f", Args: []string{"run", "f"}, From: "/", Detached: true, Grace: time.Minute, Processes: []string{"a"}, ControlPlane: "x:1"}
	r := claim(t, f, s)
	again, err := Open(r.Folder())
	if err != nil {
		t.Fatal(err)
	}
	one, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	two, err := json.Marshal(again)
	if err != nil || string(one) != string(two) {
		t.Errorf("%s\n%s\n%v", one, two, err)
	}
	if env := strings.Join(r.Env("a", LogAll), " "); env != "FLOWC_RUN="+filepath.Join(r.Folder(), "a")+" FLOWC_RUN_LOG=all" {
		t.Error(env)
	}
}
