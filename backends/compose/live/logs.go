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
	"sync"
	"time"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// lookAgain is how often somebody who follows a log looks for new containers.
const lookAgain = time.Second

// errNoLogs is what a release has that is not there.
var errNoLogs = errors.New("it has no container")

// Logs reads the logs of all containers of a release. Who follows gets those of
// containers that are made later too, and goes on when one is started again.
func (e *Engine) Logs(ctx context.Context, id string, o deploy.LogOptions, line func(deploy.Line)) error {
	var mu sync.Mutex
	var reading sync.WaitGroup
	defer reading.Wait()
	locked := func(l deploy.Line) {
		mu.Lock()
		defer mu.Unlock()
		line(l)
	}
	known := map[string]bool{}
	for first := true; ; first = false {
		all, err := e.containers(ctx, labelsOf(id)...)
		if err != nil {
			return err
		}
		if first && len(all) == 0 {
			return fmt.Errorf("%s: %w", id, errNoLogs)
		}
		for _, c := range all {
			if known[c.ID] {
				continue
			}
			known[c.ID] = true
			mine := o
			if !first {
				mine.Tail, mine.Since = -1, time.Time{}
			}
			if !o.Follow {
				if err := e.read(ctx, c, mine, locked); err != nil {
					return err
				}
				continue
			}
			reading.Go(func() { e.follow(ctx, c, mine, locked) })
		}
		if !o.Follow {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lookAgain):
		}
	}
}

// follow reads the log of a container until that is deleted: what ends when the
// container does begins again behind the last line.
func (e *Engine) follow(ctx context.Context, c *container, o deploy.LogOptions, line func(deploy.Line)) {
	last := o.Since
	for {
		err := e.read(ctx, c, o, func(l deploy.Line) {
			if !l.Time.After(last) {
				return
			}
			last = l.Time
			line(l)
		})
		if err != nil { // it is gone, or nobody listens any more
			return
		}
		o.Tail, o.Since = -1, last
		select {
		case <-ctx.Done():
			return
		case <-time.After(lookAgain):
		}
	}
}

// read reads the log of a container once.
func (e *Engine) read(ctx context.Context, c *container, o deploy.LogOptions, line func(deploy.Line)) error {
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
	resp, err := e.Do(ctx, http.MethodGet, "/containers/"+c.ID+"/logs?"+q.Encode(), nil)
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
		line(deploy.Line{Instance: c.name(), Time: at, Text: text})
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
