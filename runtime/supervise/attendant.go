package supervise

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// attendWord is the first argument of a program that is to be an attendant.
const attendWord = "attend"

// Attendant makes an attendant of a program whose arguments say so, and returns its exit code
// when it has ended; done is false for all other programs. Deployments call the program of a
// pipeline like this, to have what an image of somebody else's has not:
//
//	PROGRAM attend --install FILE          copies itself to where the image's container sees it
//	PROGRAM attend ADDRESS COMMAND ARG…    starts the command for who connects
func Attendant(args []string, log io.Writer) (code int, done bool) {
	if len(args) < 2 || args[1] != attendWord {
		return 0, false
	}
	return attendant(args[2:], log), true
}

// attendant does what the arguments say, and returns the exit code.
func attendant(args []string, log io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	switch {
	case len(args) == 2 && args[0] == "--install":
		err = installAttendant(args[1])
	case len(args) >= 2 && args[0] != "--install":
		err = Attend(ctx, args[0], args[1:], log)
	default:
		fmt.Fprintln(log, "attend: say `attend --install FILE`, or `attend ADDRESS COMMAND ARG…`")
		return 2
	}
	if err != nil {
		fmt.Fprintln(log, "attend:", err)
		return 6
	}
	return 0
}

// installAttendant copies this program to where the containers of components see it: an image
// that somebody else has made holds none that could attend to a command.
func installAttendant(to string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	program, err := os.Open(self)
	if err != nil {
		return err
	}
	defer program.Close()
	partial := to + ".partial"
	copied, err := os.OpenFile(partial, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(copied, program)
	if closed := copied.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(partial, to) // which may run already
}
