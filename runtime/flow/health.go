package flow

import (
	"fmt"
	"log/slog"
	"sync"
)

// health knows which sources and sinks have lost their other side. Each loss is
// logged once, with its reason, and once when it is over.
type health struct {
	nodes  []Node
	logger *slog.Logger

	mu   sync.Mutex
	lost map[int]error
}

func (h *health) gone(node int, err error) {
	h.mu.Lock()
	_, known := h.lost[node]
	if h.lost == nil {
		h.lost = map[int]error{}
	}
	h.lost[node] = err
	h.mu.Unlock()
	if !known {
		n := &h.nodes[node]
		h.logger.Warn("connection lost, trying again", "node", n.Name, "line", n.Place, "error", err)
	}
}

func (h *health) well(node int) {
	h.mu.Lock()
	_, was := h.lost[node]
	delete(h.lost, node)
	h.mu.Unlock()
	if was {
		h.logger.Info("connection is back", "node", h.nodes[node].Name)
	}
}

func (h *health) err() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for node, err := range h.lost {
		return fmt.Errorf("`%s`: %w", h.nodes[node].Name, err)
	}
	return nil
}
