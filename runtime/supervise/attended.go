package supervise

import (
	"bufio"
	"context"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"time"
)

// An attendant that says nothing for so long, not even that it is there, is gone.
const absence = 6 * presence

// How often a program asks for an attendant that is not there yet, and how long it is silent
// about that.
const (
	askAgain   = 200 * time.Millisecond
	askSilence = 10 * time.Second
)

// An attended is a process that an attendant has started: one connection is one process.
type attended struct {
	conn net.Conn
	tail *tail
	out  *io.PipeWriter
	mu   sync.Mutex // of those who send
}

// startAttended asks an attendant for a process. It waits for one that is not there: it is
// started with the program, or again, by others.
func (p *Process) startAttended(ctx context.Context, spec Spec) error {
	conn, err := reachAttendant(ctx, spec)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(conn, attendance); err != nil {
		conn.Close()
		return err
	}
	r, w := io.Pipe()
	a := &attended{conn: conn, tail: p.tail, out: w}
	p.body, p.In, p.Out = a, attendedInput{a}, r
	return nil
}

// reachAttendant connects to an attendant, and waits until there is one.
func reachAttendant(ctx context.Context, spec Spec) (net.Conn, error) {
	dialer := net.Dialer{Timeout: askSilence}
	told := time.Now()
	for {
		conn, err := dialer.DialContext(ctx, "tcp", spec.Attended)
		switch {
		case err == nil:
			return conn, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case time.Since(told) >= askSilence:
			told = time.Now()
			spec.logf("its container is waited for: %s", err)
		}
		select {
		case <-time.After(askAgain):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// wait takes what the process writes, until it has ended or is out of reach.
func (a *attended) wait() ending {
	defer a.conn.Close()
	defer a.out.Close()
	r, buf := bufio.NewReaderSize(a.conn, longestFrame), make([]byte, longestFrame)
	for {
		_ = a.conn.SetReadDeadline(time.Now().Add(absence)) // a connection that is closed says so itself
		kind, data, err := receive(r, buf)
		switch {
		case err != nil:
			return ending{"is out of reach: " + err.Error(), -1}
		case kind == outputFrame:
			_, _ = a.out.Write(data) // nobody reads it any more
		case kind == logFrame:
			_, _ = a.tail.Write(data)
		case kind == endedFrame && len(data) >= 4:
			return ending{string(data[4:]), int(int32(binary.BigEndian.Uint32(data)))} //nolint:gosec // it was an int32
		}
	}
}

// end asks the process to end. Nobody takes what it writes from then on. Where what was sent
// before does not get through, the connection ends, and the process with it.
func (a *attended) end() {
	a.out.Close()
	if !a.mu.TryLock() {
		a.conn.Close()
		return
	}
	defer a.mu.Unlock()
	_ = send(a.conn, endFrame, nil) // a lost connection ends the process as well
}

func (a *attended) kill() {
	a.out.Close()
	a.conn.Close()
}

func (a *attended) pid() int { return 0 }

// attendedInput is the standard input of such a process.
type attendedInput struct{ *attended }

// Write gives it bytes, and waits where it reads none.
func (i attendedInput) Write(data []byte) (int, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if err := send(i.conn, inputFrame, data); err != nil {
		return 0, err
	}
	return len(data), nil
}

// Close ends the input. It ends the connection where somebody is about to write, since half of
// a frame is of no use.
func (i attendedInput) Close() error {
	if !i.mu.TryLock() {
		return i.conn.Close()
	}
	defer i.mu.Unlock()
	return send(i.conn, closeFrame, nil)
}
