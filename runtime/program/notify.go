package program

import (
	"context"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"
)

// A notifier tells the supervisor that started the program how it is, by the protocol
// of systemd (sd_notify): READY=1 once all inputs and outputs are connected, STATUS= for
// why they are not yet, WATCHDOG=1 as long as the engine answers, STOPPING=1 when the
// end begins. A nil notifier tells nobody.
type notifier struct {
	conn net.Conn
	// watchdog is how often the supervisor wants to hear that the program is alive, 0
	// for never.
	watchdog time.Duration
}

// notifyEvery is how often a program that is not ready yet is asked again.
const notifyEvery = 200 * time.Millisecond

// newNotifier connects to the socket that the environment names, nil where there is none.
func newNotifier(env environment, log *slog.Logger) *notifier {
	path, _ := env.lookup("NOTIFY_SOCKET")
	if path == "" {
		return nil
	}
	if name, ok := strings.CutPrefix(path, "@"); ok { // of the abstract kind
		path = "\x00" + name
	}
	conn, err := net.Dial("unixgram", path)
	if err != nil {
		log.Warn("the supervisor can't be told how the program is", "socket", path, "error", err)
		return nil
	}
	n := &notifier{conn: conn}
	if text, ok := env.lookup("WATCHDOG_USEC"); ok {
		if usec, err := strconv.ParseInt(text, 10, 64); err == nil && usec > 0 {
			n.watchdog = time.Duration(usec) * time.Microsecond / 2
		}
	}
	return n
}

// say sends lines of the protocol. A supervisor that is gone is no reason to stop.
func (n *notifier) say(lines string) {
	if n != nil {
		_, _ = n.conn.Write([]byte(lines))
	}
}

// stopping tells that the end has begun.
func (n *notifier) stopping() { n.say("STOPPING=1") }

// follow tells of the program until ctx ends: first that it is ready, then that it is
// alive, as long as alive returns.
func (n *notifier) follow(ctx context.Context, ready func(context.Context) error, alive func()) {
	if n == nil {
		return
	}
	said := ""
	for last := time.Now(); ; {
		err := ready(ctx)
		if err == nil {
			break
		}
		if status := "STATUS=" + strings.ReplaceAll(err.Error(), "\n", "; "); status != said {
			n.say(status)
			said = status
		}
		if n.watchdog > 0 && time.Since(last) >= n.watchdog {
			n.say("WATCHDOG=1")
			last = time.Now()
		}
		if !wait(ctx, notifyEvery) {
			return
		}
	}
	n.say("READY=1\nSTATUS=ready")
	for n.watchdog > 0 && wait(ctx, n.watchdog) {
		alive() // an engine that hangs does not come back from it
		n.say("WATCHDOG=1")
	}
}

// wait tells whether the time passed before ctx ended.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
