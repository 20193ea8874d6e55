package live

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	oci "github.com/flowc-dev/flowc/backends/oci/live"
)

// A container is what the engine says of one.
type container struct {
	ID           string
	Name         string
	Image        string // the id
	RestartCount int
	Config       struct {
		Image  string
		Env    []string
		Labels map[string]string
	}
	State struct {
		Status                string
		ExitCode              int
		Error                 string
		OOMKilled             bool
		StartedAt, FinishedAt time.Time
		Health                *struct {
			Status string
			Log    []struct {
				ExitCode int
				Output   string
			}
		}
	}
	HostConfig struct {
		RestartPolicy struct{ Name string }
	}
	NetworkSettings struct {
		Ports map[string][]struct{ HostIP, HostPort string }
	}
}

func (c *container) name() string { return strings.TrimPrefix(c.Name, "/") }

// env is a variable of the container.
func (c *container) env(name string) (string, bool) {
	for _, v := range c.Config.Env {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value, true
		}
	}
	return "", false
}

// ended tells that the program has done all that there was.
func (c *container) ended() bool {
	return c.State.Status == "exited" && c.State.ExitCode == 0 && !c.endless()
}

// endless tells that the container is started again however it ends.
func (c *container) endless() bool {
	p := c.HostConfig.RestartPolicy.Name
	return p == "always" || p == "unless-stopped"
}

// containers are those with labels, by name; those that run a command beside the
// service are none.
func (e *Engine) containers(ctx context.Context, labels ...string) ([]*container, error) {
	query := filters(append(labels, labelOneOff+"=False")...)
	query.Set("all", "1")
	var list []struct{ ID string }
	if err := e.ask(ctx, "/containers/json", query, &list); err != nil {
		return nil, err
	}
	var all []*container
	for _, one := range list {
		c := &container{}
		err := e.ask(ctx, "/containers/"+one.ID+"/json", nil, c)
		if gone(err) {
			continue // since it was listed
		}
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b *container) int { return cmp.Compare(a.Name, b.Name) })
	return all, nil
}

// gone tells whether an error says that something is not there.
func gone(err error) bool {
	var status *oci.StatusError
	return errors.As(err, &status) && status.Code == http.StatusNotFound
}

// busy tells whether an error says that others use something.
func busy(err error) bool {
	var status *oci.StatusError
	return errors.As(err, &status) && (status.Code == http.StatusConflict || status.Code == http.StatusForbidden)
}

// already tells whether an error says that a container is as it was asked to be: it does
// not run, or does.
func already(err error) bool {
	var status *oci.StatusError
	return errors.As(err, &status) && status.Code == http.StatusNotModified
}

// A kept thing is a network or a volume.
type kept struct {
	Name   string
	Driver string
	Labels map[string]string
}

// networks are those with labels.
func (e *Engine) networks(ctx context.Context, labels ...string) ([]kept, error) {
	var list []kept
	err := e.ask(ctx, "/networks", filters(labels...), &list)
	return list, err
}

// volumes are those with labels.
func (e *Engine) volumes(ctx context.Context, labels ...string) ([]kept, error) {
	var list struct{ Volumes []kept }
	err := e.ask(ctx, "/volumes", filters(labels...), &list)
	return list.Volumes, err
}

// send asks the engine to do something.
func (e *Engine) send(ctx context.Context, method, path string) error {
	resp, err := e.Do(ctx, method, path, nil)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}
