package program

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// lagPath is the page with what waits for all hosts, as an autoscaler asks for it.
const lagPath = "/lag"

// page gives the answer to a GET.
func (h *host) page(ctx context.Context, path string) (status int, kind string, body []byte) {
	const text = "text/plain; charset=utf-8"
	switch path {
	case "/livez":
		h.alive()
		return 200, text, []byte("ok\n")
	case "/readyz":
		if err := h.ready(ctx); err != nil {
			return 503, text, []byte(err.Error() + "\n")
		}
		return 200, text, []byte("ready\n")
	case "/metrics":
		return 200, "text/plain; version=0.0.4; charset=utf-8", h.metrics(ctx)
	case lagPath:
		_, sum, err := h.backlogs.count(ctx)
		if err != nil {
			return 503, text, []byte(err.Error() + "\n")
		}
		return 200, "application/json", fmt.Appendf(nil, "{\"lag\":%d}\n", sum)
	}
	return 404, text, []byte("this server has /livez, /readyz, /metrics and " + lagPath + "\n")
}

var errNotSettled = errors.New("which parts this host holds is not settled with the others yet")

// ready tells why a host is not ready: it has not come to terms with the others, or one
// of its processes is not ready. One that holds nothing is.
func (h *host) ready(context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.view == nil && h.away != nil:
		return fmt.Errorf("%w: %w", errNotSettled, h.away)
	case h.view == nil:
		return errNotSettled
	}
	for _, i := range slices.Sorted(maps.Keys(h.shares)) {
		s := h.shares[i]
		if s.stopping() {
			continue
		}
		if err := s.ready(); err != nil {
			return fmt.Errorf("copy %d: %w", i, err)
		}
	}
	return nil
}

// alive returns when the host answers.
func (h *host) alive() {
	h.mu.Lock()
	defer h.mu.Unlock()
}

// metrics are those of the host, and those of its processes with their numbers.
func (h *host) metrics(ctx context.Context) []byte {
	ready := h.ready(ctx) == nil
	h.mu.Lock()
	all := maps.Clone(h.shares)
	view := h.view
	h.mu.Unlock()
	m := &exposition{}
	m.family("flowc_host_ready", "gauge", "Whether /readyz says yes.")
	m.sample("flowc_host_ready", flag01(ready))
	m.family("flowc_host_parts", "gauge", "Parts that the host holds.")
	m.sample("flowc_host_parts", float64(len(all)))
	if view != nil {
		m.family("flowc_hosts", "gauge", "Hosts that share the parts.")
		m.sample("flowc_hosts", float64(view.Hosts))
		m.family("flowc_host_parts_idle", "gauge", "Parts that no host holds.")
		m.sample("flowc_host_parts_idle", float64(view.Idle))
	}
	if each, _, err := h.backlogs.count(ctx); err == nil {
		m.family("flowc_edge_backlog_messages", "gauge", "Messages of an edge that no checkpoint has passed, of all parts.")
		for _, name := range slices.Sorted(maps.Keys(each)) {
			m.sample("flowc_edge_backlog_messages", float64(each[name]), "pipeline", h.p.spec.Name, "edge", name)
		}
	}
	m.family("flowc_copy_restarts_total", "counter", "How often the process of a part was started again.")
	numbers := slices.Sorted(maps.Keys(all))
	for _, i := range numbers {
		s := all[i]
		s.mu.Lock()
		m.sample("flowc_copy_restarts_total", float64(s.restarts), "copy", strconv.Itoa(i))
		s.mu.Unlock()
	}
	merged := newMerged()
	ctx, cancel := context.WithTimeout(ctx, telemetryTimeout/2)
	defer cancel()
	pages := make([][]byte, len(numbers))
	var work sync.WaitGroup
	for at, i := range numbers {
		work.Go(func() { pages[at] = all[i].metrics(ctx) })
	}
	work.Wait()
	for at, i := range numbers {
		merged.add(pages[at], i)
	}
	return append(m.text.Bytes(), merged.bytes()...)
}

// A merged page has the families of several pages, each sample with the number of the
// copy that it is of.
type merged struct {
	order []string
	heads map[string][]byte
	lines map[string][]byte
}

func newMerged() *merged {
	return &merged{heads: map[string][]byte{}, lines: map[string][]byte{}}
}

// add adds the page of a copy, in Prometheus' text format.
func (m *merged) add(page []byte, number int) {
	for line := range bytes.Lines(page) {
		text := string(line)
		if rest, ok := strings.CutPrefix(text, "# "); ok { // HELP name …, TYPE name …
			_, rest, _ = strings.Cut(rest, " ")
			name, _, _ := strings.Cut(rest, " ")
			kind, _, _ := strings.Cut(text[2:], " ")
			if !bytes.Contains(m.heads[name], []byte("# "+kind+" ")) {
				m.heads[name] = append(m.heads[name], line...)
			}
			if !slices.Contains(m.order, name) {
				m.order = append(m.order, name)
			}
			continue
		}
		end := strings.IndexAny(text, "{ ")
		if end < 0 {
			continue
		}
		name, rest := text[:end], text[end:]
		if rest[0] == '{' {
			rest = "," + rest[1:]
		} else {
			rest = "}" + rest
		}
		m.lines[name] = fmt.Appendf(m.lines[name], "%s{copy=\"%d\"%s", name, number, rest)
	}
}

func (m *merged) bytes() (all []byte) {
	for _, name := range m.order {
		all = append(append(all, m.heads[name]...), m.lines[name]...)
	}
	return all
}

// backlogs count what waits at the edges of all parts.
type backlogs struct {
	mu   sync.Mutex
	of   map[string]flow.Backlogged
	each map[string]int64
	at   time.Time
}

// backlogAge is how old a count may be: several ask at once.
const backlogAge = 2 * time.Second

func newBacklogs(of map[string]flow.Backlogged) *backlogs { return &backlogs{of: of} }

// count asks the server of each edge.
func (b *backlogs) count(ctx context.Context) (each map[string]int64, sum int64, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.each == nil || time.Since(b.at) > backlogAge {
		each := map[string]int64{}
		for name, one := range b.of {
			n, err := one.Backlog(ctx)
			if err != nil {
				return nil, 0, fmt.Errorf("%s: %w", name, err)
			}
			each[name] = n
		}
		b.each, b.at = each, time.Now()
	}
	for _, n := range b.each {
		sum += n
	}
	return b.each, sum, nil
}

func (b *backlogs) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), leaveTime)
	defer cancel()
	for _, one := range b.of {
		_ = one.Close(ctx)
	}
}
