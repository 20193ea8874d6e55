package supervise

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// attendTest has an attendant for a script, and a keeper of what it starts.
func attendTest(t *testing.T, script string, spec Spec) (*Keeper, *log) {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	spec.Attended, spec.Name, spec.Piped = free.Addr().String(), "node", true
	free.Close()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	own := &log{}
	go func() { ended <- Attend(ctx, spec.Attended, []string{"sh", "-c", script}, own) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return New(spec), own
}

// A process that an attendant starts is talked to as one of this machine is, and how it ends
// is known.
func TestAttended(t *testing.T) {
	var said log
	k, own := attendTest(t, `echo "begins" >&2; while read -r l; do echo "got $l"; done; exit 3`, Spec{Log: &said})
	p, err := k.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 3*longestFrame)
	go func() {
		_, _ = io.WriteString(p.In, "line\n"+long+"\n")
		p.CloseIn()
	}()
	out, err := io.ReadAll(p.Out)
	if err != nil || string(out) != "got line\ngot "+long+"\n" {
		t.Errorf("%d bytes, %v", len(out), err)
	}
	<-p.Done()
	if p.Well() || !p.Failed() || p.State() != "ended with exit status 3" || p.Last() != "begins" || p.Pid() != 0 {
		t.Errorf("%s, %q", p.State(), p.Last())
	}
	if !strings.Contains(said.String(), "[node] begins\n") || own.String() != "begins\n" {
		t.Errorf("%q, and at the attendant %q", said.String(), own.String())
	}
	again, err := k.Start(t.Context()) // by its policy
	if err != nil || again == p {
		t.Errorf("%v", err)
	}
	k.Stop(time.Minute)
}

// What does not listen to its input is asked to end, and its output is nobody's then.
func TestAttendedStop(t *testing.T) {
	k, _ := attendTest(t, `trap 'exit 0' TERM; while :; do echo noise; done`, Spec{Log: io.Discard})
	p, err := k.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(p.Out).ReadString('\n'); line != "noise\n" || err != nil {
		t.Errorf("%q %v", line, err)
	}
	began := time.Now()
	k.Stop(Grace)
	if took := time.Since(began); took > Grace/2 || !p.Well() {
		t.Errorf("it took %s; %s", took, p.State())
	}
}

// A program that goes away takes its process with it, and its children too.
func TestAttendedAlone(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "mark")
	k, _ := attendTest(t, `sh -c 'while :; do date >> `+mark+`; echo up; sleep 0.02; done' & wait`, Spec{Log: io.Discard})
	p, err := k.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(p.Out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	p.body.kill() // no word to the attendant
	<-p.Done()
	if p.Well() || p.Failed() || !strings.HasPrefix(p.State(), "is out of reach: ") {
		t.Error(p.State())
	}
	for until := time.Now().Add(time.Minute); ; {
		before, _ := os.ReadFile(mark)
		time.Sleep(200 * time.Millisecond)
		if after, _ := os.ReadFile(mark); len(before) > 0 && bytes.Equal(before, after) {
			return
		}
		if time.Now().After(until) {
			t.Fatal("its child lives on")
		}
	}
}

// An attendant is waited for, until nobody wants to any more; who says nothing to one starts
// nothing.
func TestNoAttendant(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := New(Spec{Name: "node", Attended: "127.0.0.1:1", Piped: true}).Start(ctx); err == nil || ctx.Err() == nil {
		t.Errorf("%v", err)
	}
	mark := filepath.Join(t.TempDir(), "mark")
	k, _ := attendTest(t, "touch "+mark, Spec{})
	for range 2 {
		conn, err := reachAttendant(t.Context(), k.spec)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, strings.Repeat("GET / HTTP/1.1\n", 2))
		if answer, err := io.ReadAll(conn); len(answer) > 0 {
			t.Errorf("%q %v", answer, err)
		}
		conn.Close()
	}
	if _, err := os.Stat(mark); err == nil {
		t.Error("it was started")
	}
}

// What the program of a container does says its command line.
func TestAttendantArguments(t *testing.T) {
	to := filepath.Join(t.TempDir(), "attendant")
	var said log
	if code := attendant([]string{"--install", to}, &said); code != 0 {
		t.Fatal(said.String())
	}
	if is, err := os.Stat(to); err != nil || is.Mode().Perm()&0o111 == 0 {
		t.Errorf("%v %v", is, err)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{nil, 2, "say `attend --install FILE`"},
		{[]string{"--install"}, 2, "say `attend"},
		{[]string{"127.0.0.1:0", "no-such-program"}, 6, "the image has no program `no-such-program`"},
		{[]string{"nowhere", "sh"}, 6, "nowhere"},
		{[]string{"--install", filepath.Join(to, "below")}, 6, "not a directory"},
	} {
		said = log{}
		if code := attendant(c.args, &said); code != c.code || !strings.Contains(said.String(), c.says) {
			t.Errorf("%q: %d %s", c.args, code, said.String())
		}
	}
}
