package component

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/runtime/proto"
)

// pages are what it shows over HTTP: /health and /metrics.
func (c *server) pages() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, r *http.Request) {
		state, why := c.health(r.Context())
		w.Header().Set("Content-Type", "application/json")
		if state != proto.HealthStatus_HEALTH_STATUS_HEALTHY && state != proto.HealthStatus_HEALTH_STATUS_DEGRADED {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_ = json.NewEncoder(w).Encode(map[string]string{ // who asks may be gone
			"status": strings.ToLower(strings.TrimPrefix(state.String(), "HEALTH_STATUS_")), "message": why, "component": c.info.GetId(),
		})
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		counted := c.counted()
		for _, name := range slices.Sorted(maps.Keys(counted)) {
			kind := "gauge"
			if strings.HasSuffix(name, "_total") {
				kind = "counter"
			}
			fmt.Fprintf(w, "# TYPE flowc_component_%s %s\nflowc_component_%s %d\n", name, kind, name, counted[name])
		}
	})
	return mux
}
