package flow

import (
	"fmt"
	"log/slog"
	"sync"
)

// health knows which sources and sinks have lost their other side, and which
// sinks fail again and again. Each is logged once, with its reason, and once when
// it is over.
type health struct {
	nodes  []Node
	logger *slog.Logger

	mu  sync.Mutex
	ill map[int]illness
}

// An illness is why a node is not well, and what is logged when it is again.
type illness struct {
	err  error
	over string
}

// gone notes a source or sink whose other side is not there.
func (h *health) gone(node int, err error) {
	h.note(node, illness{err, "connection is back"}, "connection lost, trying again")
}

// failing notes a sink that can't do its work.
func (h *health) failing(node int, err error) {
	h.note(node, illness{err, "writing succeeds again"}, "writing fails: not ready until it succeeds")
}

func (h *health) note(node int, i illness, message string) {
	h.mu.Lock()
	_, known := h.ill[node]
	if h.ill == nil {
		h.ill = map[int]illness{}
	}
	h.ill[node] = i
	h.mu.Unlock()
	if !known {
		n := &h.nodes[node]
		h.logger.Warn(message, "node", n.Name, "line", n.Place, "error", i.err)
	}
}

func (h *health) well(node int) {
	h.mu.Lock()
	was, ill := h.ill[node]
	delete(h.ill, node)
	h.mu.Unlock()
	if ill {
		h.logger.Info(was.over, "node", h.nodes[node].Name)
	}
}

// all are the nodes that are not well, by name.
func (h *health) all() map[string]error {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := map[string]error{}
	for node, i := range h.ill {
		all[h.nodes[node].Name] = i.err
	}
	return all
}

// err is why the first node of those that are not well is not; nil for none.
func (h *health) err() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.ill) == 0 {
		return nil
	}
	for node := range h.nodes {
		if i, ill := h.ill[node]; ill {
			return fmt.Errorf("`%s`: %w", h.nodes[node].Name, i.err)
		}
	}
	return nil
}
