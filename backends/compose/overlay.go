package compose

import (
	"encoding/json"

	"github.com/flowc-dev/flowc/backends/manifest"
)

// merged is the service with the overlay over it.
func (u *unit) merged() (json.RawMessage, error) {
	return manifest.Patch(u.service(), u.options.Overlay)
}
