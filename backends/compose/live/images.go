package live

import (
	"context"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// loaded are the images of a pipeline that were loaded to be applied.
func (e *Engine) loaded(ctx context.Context, pipeline string) ([]deploy.Object, error) {
	names, err := e.Loaded(ctx, pipeline)
	var all []deploy.Object
	for _, name := range names {
		all = append(all, deploy.Object{Kind: "image", Name: name, Spare: true})
	}
	return all, err
}
