package live

import (
	"context"
	"net/http"
	"net/url"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// Remove stops and deletes. What others still use stays: a network that containers of
// other pipelines are on, an image that they run.
func (e *Engine) Remove(ctx context.Context, id string, objects []deploy.Object) error {
	for _, o := range objects { // containers first: they use the rest
		if o.Kind == "service" {
			if err := e.removeService(ctx, id, o.Name); err != nil {
				return err
			}
		}
	}
	for _, o := range objects {
		var err error
		switch o.Kind {
		case "network":
			err = e.send(ctx, http.MethodDelete, "/networks/"+url.PathEscape(o.Name))
		case "volume":
			err = e.send(ctx, http.MethodDelete, "/volumes/"+url.PathEscape(o.Name))
		case "image":
			err = e.Unload(ctx, o.Name)
		}
		switch {
		case err == nil, gone(err):
		case busy(err) && o.Kind != "volume":
		default:
			return err
		}
	}
	return nil
}

// removeService stops the containers of a service in order, and deletes them.
func (e *Engine) removeService(ctx context.Context, id, name string) error {
	all, err := e.containers(ctx, append(labelsOf(id), labelService+"="+name)...)
	if err != nil {
		return err
	}
	for _, c := range all {
		if err := e.send(ctx, http.MethodPost, "/containers/"+c.ID+"/stop"); err != nil && !gone(err) && !already(err) {
			return err
		}
		if err := e.send(ctx, http.MethodDelete, "/containers/"+c.ID+"?v=1"); err != nil && !gone(err) && !busy(err) {
			return err
		}
	}
	return nil
}
