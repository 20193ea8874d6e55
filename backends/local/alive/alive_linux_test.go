package alive

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// A program that is replaced by another one in its process is alive all the time, though its
// first thread ends when another does that.
func TestReplaced(t *testing.T) {
	if os.Getenv("ALIVE_AGAIN") != "" {
		done := make(chan error)
		go func() { done <- syscall.Exec("/bin/cat", []string{"cat"}, nil) }() // not on the first thread, now and then
		t.Fatal(<-done)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		cmd := exec.Command(self, "-test.run", "^TestReplaced$")
		cmd.Env = append(os.Environ(), "ALIVE_AGAIN=1")
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		is := Identify(cmd.Process.Pid)
		answered := make(chan error, 1)
		go func() {
			if _, err := in.Write([]byte("x")); err != nil {
				answered <- err
				return
			}
			_, err := out.Read(make([]byte, 1)) // cat is there
			answered <- err
		}()
		for over := false; !over; {
			select {
			case err := <-answered:
				if over = true; err != nil {
					t.Fatal(err)
				}
			default:
			}
			if !is.Alive() {
				t.Fatal("it counts as ended while it is replaced")
			}
		}
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
		if is.Alive() || !is.Gone(t.Context(), time.Minute) {
			t.Error("it counts as alive when it has ended")
		}
	}
}
