package deploy

import "context"

// A Resting engine can end a release and keep it, to start it again as it was.
type Resting interface {
	// Stop ends the processes of a release in order, and comes back when they have ended.
	Stop(ctx context.Context, id string) error
	// Restart ends them, where they run, and starts them again.
	Restart(ctx context.Context, id string) error
}
