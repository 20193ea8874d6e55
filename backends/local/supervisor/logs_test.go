package supervisor

import (
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// The log of what never ran is an error that says so.
func TestLogsOfNothing(t *testing.T) {
	e := &Engine{Base: t.TempDir()}
	if err := e.Logs(t.Context(), "orders", deploy.LogOptions{}, nil); err == nil || !strings.Contains(err.Error(), "nothing has run") {
		t.Errorf("%v", err)
	}
}
