package live

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// errNoLogs is what a release has that never ran.
var errNoLogs = errors.New("it has no copy that Nomad knows of")

// Logs reads what the copies of a release say: those of the version that this engine has
// put, or of the one that is there. Who follows gets those that come later too.
func (e *Engine) Logs(ctx context.Context, id string, o deploy.LogOptions, line func(deploy.Line)) error {
	find := func(first bool) (streams []stream, err error) {
		copies, err := e.speaking(ctx, id, !first)
		if err == nil && first && len(copies) == 0 {
			err = fmt.Errorf("%s: %w", id, errNoLogs)
		}
		for _, c := range copies {
			for _, s := range e.streams(c) {
				if !c.alloc.TaskStates[s.task].StartedAt.IsZero() { // or it has said nothing yet
					streams = append(streams, s)
				}
			}
		}
		return streams, err
	}
	return deploy.Gather(ctx, o, line, find, func(s stream, o deploy.LogOptions, line func(deploy.Line)) error {
		return s.read(ctx, o, func(l deploy.Line) {
			if l.Time.IsZero() || !l.Time.Before(o.Since) {
				line(l)
			}
		})
	})
}

// speaking are the copies whose logs are meant; all tells that those of every version
// are, as they come.
func (e *Engine) speaking(ctx context.Context, id string, all bool) ([]*copied, error) {
	namespace, main := split(id)
	jobs, err := e.there(ctx, namespace, main)
	if err != nil {
		return nil, err
	}
	var copies []*copied
	for _, name := range sorted(jobs) {
		j := jobs[name]
		if j.Periodic != nil {
			runs, err := e.children(ctx, namespace, name)
			if err != nil {
				return nil, err
			}
			for _, run := range runs {
				child, err := e.job(ctx, namespace, run)
				if err != nil {
					return nil, err
				}
				if child == nil {
					continue
				}
				of, err := e.copies(ctx, namespace, child)
				if err != nil {
					return nil, err
				}
				copies = append(copies, of...)
			}
			continue
		}
		target := *j.Version
		if put, ok := e.putBy(id, name); ok {
			target = put.number
		}
		of, err := e.copies(ctx, namespace, j)
		if err != nil {
			return nil, err
		}
		mine := slices.DeleteFunc(slices.Clone(of), func(c *copied) bool { return c.version != target })
		if all || len(mine) == 0 {
			mine = of
		}
		copies = append(copies, mine...)
	}
	return copies, nil
}

// A stream is one of the two that a task of a copy writes to.
type stream struct {
	engine                       *Engine
	namespace, alloc, name, task string
	kind                         string // stdout or stderr
}

// streams are those of all tasks of a copy.
func (e *Engine) streams(c *copied) (all []stream) {
	for _, task := range sorted(c.alloc.TaskStates) {
		for _, kind := range []string{"stdout", "stderr"} {
			all = append(all, stream{e, c.alloc.Namespace, c.alloc.ID, c.Name, task, kind})
		}
	}
	return all
}

// open reads a stream from so many bytes before its end on, -1 for all of it.
func (s *stream) open(ctx context.Context, follow bool, behind int) (io.ReadCloser, error) {
	q := query(ctx, s.namespace)
	q.Params = map[string]string{"task": s.task, "type": s.kind, "plain": "true", "follow": strconv.FormatBool(follow), "origin": "start", "offset": "0"}
	if behind >= 0 {
		q.Params["origin"], q.Params["offset"] = "end", strconv.Itoa(behind)
	}
	body, err := s.engine.client.Raw().Response("/v1/client/fs/logs/"+url.PathEscape(s.alloc), q)
	if gone(err) { // nothing was written, or the client has thrown it away
		return io.NopCloser(bytes.NewReader(nil)), nil
	}
	return body, s.engine.explain(ctx, err)
}

// read hands over the lines of a stream.
func (s *stream) read(ctx context.Context, o deploy.LogOptions, line func(deploy.Line)) error {
	behind, cut := -1, false
	if o.Tail >= 0 {
		var err error
		if behind, cut, err = s.tail(ctx, o.Tail); err != nil {
			return err
		}
	}
	body, err := s.open(ctx, o.Follow, behind)
	if err != nil {
		return err
	}
	defer body.Close()
	r := bufio.NewReader(body)
	if cut { // up to the end of the line before
		if _, err := r.ReadString('\n'); err != nil {
			return nil // there is no line after it
		}
	}
	for {
		text, err := r.ReadString('\n')
		if text != "" {
			text = string(bytes.TrimRight([]byte(text), "\r\n"))
			line(deploy.Line{Instance: s.name, Time: timeOf(text), Text: text})
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return s.engine.explain(ctx, err)
		}
	}
}

// tail is how many bytes before the end the last lines begin; cut tells that the end of
// another line stands before them.
func (s *stream) tail(ctx context.Context, lines int) (behind int, cut bool, err error) {
	if lines == 0 {
		return 0, false, nil
	}
	for size := 64 << 10; ; size *= 4 {
		body, err := s.open(ctx, false, size)
		if err != nil {
			return 0, false, err
		}
		text, err := io.ReadAll(body)
		body.Close()
		if err != nil {
			return 0, false, s.engine.explain(ctx, err)
		}
		at, n := len(bytes.TrimSuffix(text, []byte("\n"))), 0
		for n < lines && at >= 0 {
			if at = bytes.LastIndexByte(text[:at], '\n'); at >= 0 {
				n++
			}
		}
		switch {
		case n == lines: // at is the end of the line before
			return len(text) - at, true, nil
		case len(text) < size:
			return -1, false, nil
		}
	}
}

// stamp is the time of a line as programs of flowc's write it.
var stamp = regexp.MustCompile(`^(?:time=|\{"time":")(\d{4}-\d\d-\d\dT[0-9:.]+(?:Z|[+-]\d\d:\d\d))`)

// timeOf is when a line was written, as it says itself; Nomad does not note it.
func timeOf(text string) time.Time {
	m := stamp.FindStringSubmatch(text)
	if m == nil {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339Nano, m[1])
	if err != nil {
		return time.Time{}
	}
	return at
}

// lastWords is what a copy that has ended said last, "" where that can't be had. What
// collects logs on a client may be some moments behind the program.
func (e *Engine) lastWords(ctx context.Context, c *copied) (text string) {
	for range e.patience {
		for _, s := range e.streams(c) {
			_ = s.read(ctx, deploy.LogOptions{Tail: lastLines}, func(l deploy.Line) { text += l.Text + "\n" })
		}
		if text != "" {
			break
		}
		select {
		case <-ctx.Done():
			return ""
		case <-time.After(lookAgain / 5):
		}
	}
	return text
}

// lastLines is how much of what a try says is shown, and patience how often it is asked
// for until there is some.
const (
	lastLines = 20
	patience  = 30 // times a tenth of a second
)
