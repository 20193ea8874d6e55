package program

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// A run that ends leaves its log, its end and its totals in its folder, whatever it is told
// on its command line.
func TestListed(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
		says string
		want runEnd
	}{
		{nil, 0, "1,000 in · 500 out", runEnd{Ending: "complete", Totals: &flow.Totals{In: 1000, Out: 500, Filtered: 500}}},
		{[]string{"--nope"}, 2, "unknown flag --nope", runEnd{Code: 2}},
	} {
		folder := t.TempDir()
		r := start(t, []string{runVariable + "=" + folder, runLogVariable + "=" + logOfErrors}, c.args...)
		r.check(t, c.code, c.says)
		log, err := os.ReadFile(filepath.Join(folder, logFile))
		if err != nil || !strings.Contains(string(log), " numbers numbers: "+strings.TrimPrefix(c.says, "numbers: ")) && !strings.Contains(string(log), c.says) {
			t.Errorf("the log has %q: %v", log, err)
		}
		text, err := os.ReadFile(filepath.Join(folder, endedFile))
		var end runEnd
		if err != nil || json.Unmarshal(text, &end) != nil {
			t.Fatalf("%s %v", text, err)
		}
		if end.At.IsZero() || end.Code != c.want.Code || end.Ending != c.want.Ending || fmt.Sprint(end.Totals == nil) != fmt.Sprint(c.want.Totals == nil) || end.Totals != nil && *end.Totals != *c.want.Totals {
			t.Errorf("%+v %+v", end, end.Totals)
		}
	}
}

// Nobody is held up by a folder that is not there.
func TestListedNowhere(t *testing.T) {
	r := start(t, []string{runVariable + "=" + filepath.Join(t.TempDir(), "gone"), runLogVariable + "=" + logOfAll})
	r.check(t, 0, "1,000 in")
}

// The pages of a run are at its socket, also where the path of its folder is longer than a
// socket's may be.
func TestRunSocket(t *testing.T) {
	for _, name := range []string{"s", strings.Repeat("long", 30)} {
		folder := filepath.Join(t.TempDir(), name)
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		l := &listing{folder: folder}
		over := l.serveProgram(&Spec{Name: "numbers", Hash: "h"}, func() *flow.Program { return nil })
		address, err := os.ReadFile(filepath.Join(folder, addressFile))
		if err != nil {
			t.Fatal(err)
		}
		c, err := (&net.Dialer{}).DialContext(context.Background(), "unix", string(address))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(c, "GET /status HTTP/1.1\r\n\r\n")
		answer := make([]byte, 4096)
		n, _ := c.Read(answer)
		if _, body, _ := strings.Cut(string(answer[:n]), "\r\n\r\n"); n == 0 || !strings.HasPrefix(body, "{") && !strings.Contains(string(answer[:n]), "200 OK") {
			t.Errorf("it answers %q", answer[:n])
		}
		_ = c.Close()
		over()
		l.close(0)
		if _, err := os.Stat(string(address)); err == nil {
			t.Error("the socket is left")
		}
		if l.apart != "" {
			if _, err := os.Stat(l.apart); err == nil {
				t.Error("its folder is left")
			}
		}
	}
}

// A log has whole lines, without those that are written over, and is of a bounded size.
func TestRunLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l, err := openRunLog(path)
	if err != nil {
		t.Fatal(err)
	}
	l.name("shop")
	s := l.stream()
	fmt.Fprint(s, "one\ntwo ")
	fmt.Fprint(s, "parts\n\r50%\x1b[K\r60%\x1b[K\r\x1b[Kdone\nno end")
	s.flush()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(string(text)) {
		_, said, _ := strings.Cut(strings.TrimSpace(line), " ")
		got = append(got, said)
	}
	if want := "shop one|shop two parts|shop done|shop no end"; strings.Join(got, "|") != want {
		t.Errorf("%q", got)
	}
	l.size = runLogBytes
	fmt.Fprintln(s, "newer")
	if old, err := os.ReadFile(path + ".1"); err != nil || string(old) != string(text) {
		t.Errorf("%q %v", old, err)
	}
}

// Rates are between the first and the last look that is kept, and nothing where counting
// began anew.
func TestRates(t *testing.T) {
	r := &rates{}
	begin := time.Unix(1_800_000_000, 0)
	for i := range 20 {
		r.add(look{begin.Add(time.Duration(i) * time.Second), map[string]int64{"a": int64(i * 50), "b": int64(-i)}})
		if i == 0 && r.of("a") != 0 {
			t.Error("one look has a rate")
		}
	}
	if len(r.looks) != rateLooks || r.of("a") != 50 || r.of("b") != 0 || r.of("c") != 0 {
		t.Errorf("%d looks: %v %v %v", len(r.looks), r.of("a"), r.of("b"), r.of("c"))
	}
}
