package program

import (
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// A supervisor under test reads what a program says to it.
func supervisor(t *testing.T) (address string, next func() string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("a socket of this kind is not on this system")
	}
	dir, err := os.MkdirTemp("", "notify") //nolint:usetesting // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	address = filepath.Join(dir, "s")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: address, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return address, func() string {
		b := make([]byte, 4096)
		n, err := conn.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		return string(b[:n])
	}
}

// until reads messages until one has the text.
func until(t *testing.T, next func() string, text string) {
	t.Helper()
	var all []string
	for range 1000 {
		m := next()
		if strings.Contains(m, text) {
			return
		}
		all = append(all, m)
	}
	t.Fatalf("%q never came: %q", text, all)
}

func TestSupervisorIsTold(t *testing.T) {
	address, next := supervisor(t)
	cmd := command(t, t.TempDir(), []string{"NOTIFY_SOCKET=" + address, "WATCHDOG_USEC=20000"}, "--set=ledger.config.endless=true")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	until(t, next, "READY=1\nSTATUS=ready")
	until(t, next, "WATCHDOG=1")
	until(t, next, "WATCHDOG=1")
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	until(t, next, "STOPPING=1")
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// Of a program that is not ready the supervisor hears why, once, and that it is alive.
func TestSupervisorWaits(t *testing.T) {
	address, next := supervisor(t)
	env := environment{func(name string) (string, bool) {
		value, ok := map[string]string{"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "20000"}[name]
		return value, ok
	}, os.ReadFile}
	n := newNotifier(env, slog.Default())
	p := flow.New(flow.Info{Name: "never started"})
	go func() {
		ctx, cancel := context.WithTimeout(t.Context(), 3*notifyEvery)
		defer cancel()
		n.follow(ctx, p.Ready, func() { p.Snapshot() })
		n.stopping()
	}()
	var told []string
	for m := next(); m != "STOPPING=1"; m = next() {
		told = append(told, m)
	}
	why := slices.DeleteFunc(slices.Clone(told), func(m string) bool { return m == "WATCHDOG=1" })
	if len(why) == len(told) || !slices.Equal(why, []string{"STATUS=starting"}) {
		t.Errorf("it is told %q", told)
	}
}

// A supervisor that is not there, or is no socket, changes nothing.
func TestNoSupervisor(t *testing.T) {
	for _, address := range []string{"", filepath.Join(t.TempDir(), "none"), "@flowc-no-such-socket"} {
		cmd := command(t, t.TempDir(), []string{"NOTIFY_SOCKET=" + address})
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%q: %v\n%s", address, err, text)
		}
	}
}
