package live

import (
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"
)

// A mailbox is what a process tells its supervisor by the protocol of systemd
// (sd_notify). On a system without sockets of that kind it is deaf.
type mailbox struct {
	messages chan map[string]string
	dir      string
	conn     *net.UnixConn
	watchdog time.Duration
	closed   chan struct{}
}

// listen makes a mailbox.
func listen(watchdog time.Duration) (*mailbox, error) {
	m := &mailbox{messages: make(chan map[string]string), watchdog: watchdog, closed: make(chan struct{})}
	if runtime.GOOS == "windows" {
		return m, nil
	}
	dir, err := os.MkdirTemp("", "flowc-") // the path of a socket may have about 100 bytes
	if err != nil {
		return nil, err
	}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "notify"), Net: "unixgram"})
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	m.dir, m.conn = dir, conn
	go m.read()
	return m, nil
}

// read hands messages over until the mailbox is closed.
func (m *mailbox) read() {
	b := make([]byte, 8<<10)
	for {
		n, err := m.conn.Read(b)
		if err != nil {
			return
		}
		select {
		case m.messages <- assignments(string(b[:n])):
		case <-m.closed:
			return
		}
	}
}

// deaf tells that no process can be heard.
func (m *mailbox) deaf() bool { return m.conn == nil }

// env are the variables by which a process finds the mailbox.
func (m *mailbox) env() []string {
	if m.deaf() {
		return nil
	}
	return []string{"NOTIFY_SOCKET=" + filepath.Join(m.dir, "notify"), "WATCHDOG_USEC=" + strconv.FormatInt(m.watchdog.Microseconds(), 10)}
}

// ended is the name in the message that a supervisor sends itself when its process has
// ended: what the process said last was read before it.
const ended = "FLOWC_ENDED"

// end sends that message.
func (m *mailbox) end() {
	if m.deaf() {
		return
	}
	conn, err := net.Dial("unixgram", filepath.Join(m.dir, "notify"))
	if err == nil {
		_, err = conn.Write([]byte(ended + "=1"))
		_ = conn.Close()
	}
	if err == nil {
		return
	}
	select { // what it said last may be lost, and the end is not
	case m.messages <- map[string]string{ended: "1"}:
	case <-m.closed:
	}
}

func (m *mailbox) close() {
	close(m.closed)
	if m.conn != nil {
		_ = m.conn.Close()
		_ = os.RemoveAll(m.dir)
	}
}
