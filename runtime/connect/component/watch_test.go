package component

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// Only an answer that says so is an illness: a port where nobody listens may be another one.
func TestSaysIll(t *testing.T) {
	t.Parallel()
	status := http.StatusOK
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	for code, ill := range map[int]bool{200: false, 204: false, 404: false, 500: true, 503: true} {
		status = code
		if got := saysIll(t.Context(), s.URL+"/health"); got != ill {
			t.Errorf("%d: %v", code, got)
		}
	}
	s.Close()
	if saysIll(t.Context(), s.URL+"/health") || saysIll(t.Context(), "http://\x00") {
		t.Error("nobody has said anything")
	}
}
