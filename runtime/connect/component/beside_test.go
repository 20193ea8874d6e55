package component

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/foreign"
	"github.com/flowc-dev/flowc/runtime/connect/messages"
)

// beside starts the standin as a target would: by itself, told where the program is.
func beside(t *testing.T, control, port string, args ...string) {
	t.Helper()
	words := command(t, args...)
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Env = append(os.Environ(), "ENABLE_FLOWCTL=true", "FLOWCTL_ENDPOINT="+control, "FLOWCTL_COMPONENT_ID=src", "PORT=:"+port)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

// ports are free ones.
func ports(t *testing.T) (a, b string) {
	t.Helper()
	var texts [2]string
	for i := range texts {
		n, err := freePort()
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = strconv.Itoa(n)
	}
	return texts[0], texts[1]
}

// A component beside the program is waited for at the address that the program was told,
// or at the port with which it has registered; the program is where the environment says.
func TestBeside(t *testing.T) {
	for name, args := range map[string][]string{"at its port": {"-late", "300ms"}, "at one of its own": {"-own-port"}} {
		t.Run(name, func(t *testing.T) {
			control, port := ports(t)
			t.Setenv("FLOWC_CONTROL", "127.0.0.1:"+control)
			beside(t, "127.0.0.1:"+control, port, append([]string{"source", "-count", "7"}, args...)...)
			r := newReader(t, SourceConfig{Container: foreign.Container{Image: "source:1"}, Endpoint: net.JoinHostPort("127.0.0.1", port), Format: "json"}, nil)
			defer r.source.Close(context.Background())
			if ids, _, err := r.all(); strings.Join(ids, " ") != numbers(0, 7) {
				t.Errorf("it gave %v, %v", ids, err)
			}
		})
	}
}

// One that does not come is gone, as a server is: the engine asks again.
func TestBesideMissing(t *testing.T) {
	_, port := ports(t)
	s, err := NewSource(SourceConfig{Command: []string{"./source"}, Endpoint: "127.0.0.1:" + port, Wait: 300 * time.Millisecond, Format: "json"}, connect.Input{Node: "src", Format: "json"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(context.Background())
	var gone *messages.GoneError
	if err := s.Open(context.Background()); !errors.As(err, &gone) {
		t.Errorf("it says %v", err)
	}
}
