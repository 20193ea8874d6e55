package supervise

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"sync"
	"time"
)

// presence is how often an attendant says that it is there.
const presence = 5 * time.Second

// greeting is how long whoever connects may take to say what it wants.
const greeting = 10 * time.Second

// Attend attends to a command for a program that is elsewhere: for each connection that it
// accepts it starts the command, hands on what goes in and comes out, and ends it where the
// connection does. The program is told how it ended, and decides what comes of that. Attend
// returns when the context ends.
func Attend(ctx context.Context, address string, command []string, log io.Writer) error {
	if _, err := exec.LookPath(command[0]); err != nil {
		return fmt.Errorf("the image has no program `%s`: %w", command[0], err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { listener.Close() })
	defer stop()
	var all sync.WaitGroup
	defer all.Wait()
	for {
		conn, err := listener.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			var passing interface{ Temporary() bool }
			if errors.As(err, &passing) && passing.Temporary() {
				time.Sleep(askAgain)
				continue
			}
			return err
		}
		all.Go(func() {
			defer conn.Close()
			attendTo(ctx, conn, command, log)
		})
	}
}

// attendTo attends to one connection.
func attendTo(ctx context.Context, conn net.Conn, command []string, log io.Writer) {
	_ = conn.SetReadDeadline(time.Now().Add(greeting))
	r := bufio.NewReaderSize(conn, longestFrame)
	hello := make([]byte, len(attendance))
	if _, err := io.ReadFull(r, hello); err != nil || string(hello) != attendance {
		return
	}
	_ = conn.SetReadDeadline(time.Time{})
	w := &frameWriter{to: conn}
	p, err := start(ctx, Spec{Name: command[0], Command: command, Piped: true, ByLine: true, stderr: io.MultiWriter(log, w.of(logFrame))})
	if err != nil {
		w.ended(ending{(&StartError{Program: command[0], Err: err}).Error(), 127})
		return
	}
	over, gone := context.WithCancel(ctx)
	defer gone()
	stop := context.AfterFunc(over, func() { p.Stop(Grace) })
	defer stop()
	go w.present(over, gone)
	go func() {
		defer gone()
		listen(r, p)
	}()
	_, _ = io.Copy(w.of(outputFrame), p.Out) // a program that is gone takes nothing, and its process ends
	p.Out.Close()
	<-p.Done()
	w.ended(p.how)
}

// listen does what the program asks for, until it has gone.
func listen(r *bufio.Reader, p *Process) {
	buf := make([]byte, longestFrame)
	for {
		kind, data, err := receive(r, buf)
		switch {
		case err != nil:
			return
		case kind == inputFrame:
			_, _ = p.In.Write(data) // a process that has closed its input reads no more
		case kind == closeFrame:
			p.CloseIn()
		case kind == endFrame:
			go p.Stop(Grace)
		}
	}
}

// A frameWriter sends frames from several goroutines.
type frameWriter struct {
	mu sync.Mutex
	to net.Conn
}

func (w *frameWriter) send(kind byte, data []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return send(w.to, kind, data)
}

// present says that the attendant is there, and notices a program that is not.
func (w *frameWriter) present(ctx context.Context, gone func()) {
	ticker := time.NewTicker(presence)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if w.send(presenceFrame, nil) != nil {
				gone()
				return
			}
		}
	}
}

// ended says how a process has ended.
func (w *frameWriter) ended(how ending) {
	data := binary.BigEndian.AppendUint32(nil, uint32(int32(how.code))) //nolint:gosec // an exit status
	_ = w.send(endedFrame, append(data, how.state...))                  // a program that is gone does not ask
}

// of sends all that it is given in frames of one kind.
func (w *frameWriter) of(kind byte) io.Writer { return kindWriter{w, kind} }

type kindWriter struct {
	*frameWriter
	kind byte
}

// Write sends bytes.
func (w kindWriter) Write(data []byte) (int, error) {
	if err := w.send(w.kind, data); err != nil {
		return 0, err
	}
	return len(data), nil
}
