package program

import (
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
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

// A supervisor that is not there, or is no socket, changes nothing.
func TestNoSupervisor(t *testing.T) {
	for _, address := range []string{"", filepath.Join(t.TempDir(), "none"), "@flowc-no-such-socket"} {
		cmd := command(t, t.TempDir(), []string{"NOTIFY_SOCKET=" + address})
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%q: %v\n%s", address, err, text)
		}
	}
}

func TestCredentials(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"given/token": "from the supervisor", "own/token": "of its own", "own/other": "of its own"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct{ credentials, file, want string }{
		{filepath.Join(dir, "given"), "token", "from the supervisor"},
		{filepath.Join(dir, "given"), "other", "of its own"},
		{"", "token", "of its own"},
	} {
		e := environment{func(name string) (string, bool) {
			return test.credentials, name == "CREDENTIALS_DIRECTORY" && test.credentials != ""
		}, os.ReadFile}
		text, err := e.secretFile(filepath.Join(dir, "own", test.file))
		if err != nil || string(text) != test.want {
			t.Errorf("%s with %q is %q, %v; want %q", test.file, test.credentials, text, err, test.want)
		}
	}
}
