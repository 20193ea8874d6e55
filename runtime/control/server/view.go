package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/runtime/control"
	"github.com/flowc-dev/flowc/runtime/proto"
)

// A component is what the view says of one.
type component struct {
	ServiceID        string            `json:"service_id"`
	ID               string            `json:"id"`
	Name             string            `json:"name,omitempty"`
	Description      string            `json:"description,omitempty"`
	Version          string            `json:"version,omitempty"`
	Type             string            `json:"type"`
	Status           string            `json:"status"`
	Silent           bool              `json:"silent,omitempty"` // no heartbeat for longer than the TTL
	Endpoint         string            `json:"endpoint"`
	InputEventTypes  []string          `json:"input_event_types,omitempty"`
	OutputEventTypes []string          `json:"output_event_types,omitempty"`
	Metadata         map[string]string `json:"metadata,omitempty"`
	Metrics          map[string]string `json:"metrics,omitempty"`
	Registered       time.Time         `json:"registered"`
	LastHeartbeat    time.Time         `json:"last_heartbeat"`
	Ended            *time.Time        `json:"ended,omitempty"` // of a run
}

func seen(c *control.Component) component {
	var ended *time.Time
	if at := c.Ended.UTC(); !c.Ended.IsZero() {
		ended = &at
	}
	return component{
		Ended: ended, ServiceID: c.ID, ID: c.Name, Name: c.Info.GetName(), Description: c.Info.GetDescription(), Version: c.Info.GetVersion(),
		Type: typeOf(c.Info.GetType()), Status: statusOf(c.Status), Silent: c.Silent, Endpoint: c.Info.GetEndpoint(),
		InputEventTypes: c.Info.GetInputEventTypes(), OutputEventTypes: c.Info.GetOutputEventTypes(), Metadata: c.Info.GetMetadata(), Metrics: c.Metrics,
		Registered: c.Registered.UTC(), LastHeartbeat: c.Heard.UTC(),
	}
}

func typeOf(t proto.ComponentType) string {
	return strings.ToLower(strings.TrimPrefix(t.String(), "COMPONENT_TYPE_"))
}

func statusOf(s proto.HealthStatus) string {
	return strings.ToLower(strings.TrimPrefix(s.String(), "HEALTH_STATUS_"))
}

// view are the pages: what is there, whether the server is well, and its metrics.
func (s *Server) view() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /v1/components", s.guard(s.components))
	mux.HandleFunc("GET /v1/components/{id}", s.guard(s.component))
	mux.HandleFunc("GET /v1/runs", s.guard(s.runs))
	mux.HandleFunc("GET /metrics", s.guard(s.metrics))
	mux.HandleFunc("GET /{$}", s.guard(func(w http.ResponseWriter, _ *http.Request) {
		give(w, map[string][]string{"pages": {"/v1/components", "/v1/components/SERVICE_ID", "/v1/runs", "/metrics", "/healthz"}})
	}))
	return mux
}

// components are all, or those of a type, of an event type, or that are well.
func (s *Server) components(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	for key := range q {
		if !slices.Contains([]string{"type", "event_type", "healthy"}, key) {
			fail(w, http.StatusBadRequest, fmt.Sprintf("there is no %q to ask for: there are type, event_type and healthy", key))
			return
		}
	}
	if t := q.Get("type"); t != "" {
		if _, ok := proto.ComponentType_value["COMPONENT_TYPE_"+strings.ToUpper(t)]; !ok {
			fail(w, http.StatusBadRequest, fmt.Sprintf("%q is no type: they are source, processor and consumer", t))
			return
		}
	}
	out := []component{}
	for _, c := range s.options.Registry.Components(func(c *control.Component) bool {
		return (!q.Has("type") || strings.EqualFold(typeOf(c.Info.GetType()), q.Get("type"))) &&
			(!q.Has("event_type") || slices.Contains(c.Info.GetInputEventTypes(), q.Get("event_type")) || slices.Contains(c.Info.GetOutputEventTypes(), q.Get("event_type"))) &&
			(!q.Has("healthy") || c.Status != proto.HealthStatus_HEALTH_STATUS_UNHEALTHY)
	}) {
		out = append(out, seen(&c))
	}
	give(w, map[string][]component{"components": out})
}

// runs are those that there are, and the records of those that have ended.
func (s *Server) runs(w http.ResponseWriter, _ *http.Request) {
	out := []component{}
	for _, c := range s.options.Registry.Runs() {
		out = append(out, seen(&c))
	}
	give(w, map[string][]component{"runs": out})
}

func (s *Server) component(w http.ResponseWriter, r *http.Request) {
	c, err := s.options.Registry.Component(r.PathValue("id"))
	if errors.Is(err, control.ErrUnknown) {
		fail(w, http.StatusNotFound, fmt.Sprintf("no component is registered under the service id %q", r.PathValue("id")))
		return
	}
	give(w, seen(&c))
}

// metrics are in the text format of Prometheus.
func (s *Server) metrics(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	type group struct{ kind, status string }
	now := map[group]int{}
	for _, c := range s.options.Registry.Components(nil) {
		status := statusOf(c.Status)
		if c.Silent {
			status = "silent"
		}
		now[group{typeOf(c.Info.GetType()), status}]++
	}
	var b strings.Builder
	b.WriteString("# HELP flowc_control_components Components that are registered.\n# TYPE flowc_control_components gauge\n")
	for _, g := range slices.SortedFunc(maps.Keys(now), func(a, b group) int { return strings.Compare(a.kind+" "+a.status, b.kind+" "+b.status) }) {
		fmt.Fprintf(&b, "flowc_control_components{type=%q,status=%q} %d\n", g.kind, g.status, now[g])
	}
	done := s.options.Registry.Counters()
	for _, c := range []struct {
		name, help string
		value      uint64
	}{
		{"registrations", "Registrations since the start.", done.Registrations},
		{"heartbeats", "Heartbeats since the start.", done.Heartbeats},
		{"forgotten", "Components that were silent for too long, and are forgotten.", done.Forgotten},
	} {
		fmt.Fprintf(&b, "# HELP flowc_control_%[1]s_total %[2]s\n# TYPE flowc_control_%[1]s_total counter\nflowc_control_%[1]s_total %[3]d\n", c.name, c.help, c.value)
	}
	b.WriteString("# HELP flowc_control_calls_total Calls by gRPC, by their answer.\n# TYPE flowc_control_calls_total counter\n")
	s.calls.mu.Lock()
	made := maps.Clone(s.calls.count)
	s.calls.mu.Unlock()
	for _, c := range slices.SortedFunc(maps.Keys(made), func(a, b call) int { return strings.Compare(a.method+" "+a.code, b.method+" "+b.code) }) {
		fmt.Fprintf(&b, "flowc_control_calls_total{method=%q,code=%q} %d\n", c.method, c.code, made[c])
	}
	_, _ = w.Write([]byte(b.String()))
}

// give writes a page of JSON.
func give(w http.ResponseWriter, page any) {
	w.Header().Set("Content-Type", "application/json")
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	_ = e.Encode(page) // who asked is gone
}

func fail(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": text})
}
