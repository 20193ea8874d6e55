package live

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// errNoLogs is what a release has that is not there.
var errNoLogs = errors.New("it has no container")

// A logOf is the log of a container, by its ID, and what its lines are said to be from.
type logOf struct{ container, instance string }

// Logs reads the logs of all containers of a release. Who follows gets those of
// containers that are made later too, and goes on when one is started again.
func (e *Engine) Logs(ctx context.Context, id string, o deploy.LogOptions, line func(deploy.Line)) error {
	find := func(first bool) (logs []logOf, err error) {
		all, err := e.containers(ctx, labelsOf(id)...)
		if err == nil && first && len(all) == 0 {
			err = fmt.Errorf("%s: %w", id, errNoLogs)
		}
		for _, c := range all {
			logs = append(logs, logOf{c.ID, c.name()})
		}
		return logs, err
	}
	return deploy.Gather(ctx, o, line, find, func(l logOf, o deploy.LogOptions, line func(deploy.Line)) error {
		if !o.Follow {
			return e.readLog(ctx, l, o, line)
		}
		read := func(o deploy.LogOptions, line func(deploy.Line)) error { return e.readLog(ctx, l, o, line) }
		return deploy.Resume(ctx, o, line, read, func(error) bool { return true }) // it is gone
	})
}

// readLog reads the log of a container once.
func (e *Engine) readLog(ctx context.Context, l logOf, o deploy.LogOptions, line func(deploy.Line)) error {
	q := url.Values{"stdout": {"1"}, "stderr": {"1"}, "timestamps": {"1"}, "tail": {"all"}}
	if o.Tail >= 0 {
		q.Set("tail", strconv.Itoa(o.Tail))
	}
	if o.Follow {
		q.Set("follow", "1")
	}
	if !o.Since.IsZero() {
		q.Set("since", fmt.Sprintf("%d.%09d", o.Since.Unix(), o.Since.Nanosecond()))
	}
	resp, err := e.Do(ctx, http.MethodGet, "/containers/"+l.container+"/logs?"+q.Encode(), nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	r, w := io.Pipe()
	go func() { _ = w.CloseWithError(unframe(resp.Body, w)) }()
	defer r.Close()
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		stamp, text, _ := strings.Cut(s.Text(), " ")
		at, err := time.Parse(time.RFC3339Nano, stamp)
		if err != nil {
			text = s.Text()
		}
		line(deploy.Line{Instance: l.instance, Time: at, Text: text})
	}
	return s.Err()
}

// unframe takes the engine's frames off: a byte for the stream, three of nothing, four
// for the length.
func unframe(r io.Reader, w io.Writer) error {
	var head [8]byte
	for {
		if _, err := io.ReadFull(r, head[:]); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if _, err := io.CopyN(w, r, int64(binary.BigEndian.Uint32(head[4:]))); err != nil {
			return err
		}
	}
}
