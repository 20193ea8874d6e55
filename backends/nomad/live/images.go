package live

import (
	"context"
	"fmt"
	"net"
	"os"

	"github.com/hashicorp/nomad/api"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/backends/oci"
	container "github.com/flowc-dev/flowc/backends/oci/live"
)

// findHere is the container engine of this machine, where the cluster has this machine
// alone for a client: then what is loaded into that engine is there for the jobs. It is
// an error that says why not.
func (e *Engine) findHere() (*container.Engine, error) {
	list, _, err := e.client.Nodes().List((&api.QueryOptions{}).WithContext(context.Background()))
	if err != nil {
		return nil, e.explain(context.Background(), err)
	}
	var ready []*api.NodeListStub
	for _, n := range list {
		if n.Status == api.NodeStatusReady {
			ready = append(ready, n)
		}
	}
	if len(ready) != 1 {
		return nil, fmt.Errorf("%d clients run its jobs", len(ready))
	}
	node, _, err := e.client.Nodes().Info(ready[0].ID, nil)
	if err != nil {
		return nil, e.explain(context.Background(), err)
	}
	if name, err := os.Hostname(); err != nil || node.Attributes["unique.hostname"] != name || !isHere(ready[0].Address) {
		return nil, fmt.Errorf("its client %s is another machine", node.Name)
	}
	return e.containers()
}

// isHere tells whether an address is one of this machine's.
func isHere(address string) bool {
	ip := net.ParseIP(address)
	if ip == nil {
		return false
	}
	if ip.IsLoopback() {
		return true
	}
	all, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, a := range all {
		if n, ok := a.(*net.IPNet); ok && n.IP.Equal(ip) {
			return true
		}
	}
	return false
}

// Platform is that of the containers of this machine, where they are those of the
// cluster.
func (e *Engine) Platform(ctx context.Context) (oci.Platform, error) {
	engine, err := e.here()
	if err != nil {
		return oci.Platform{}, fmt.Errorf("%s gets images from a registry, since this machine is not its only client: %w\n--push --image registry.example.com/NAME pushes it there, --image NAME@sha256:… names one that is there", e.Place(), err)
	}
	return engine.Platform(ctx)
}

// Load gives the container engine of this machine an image.
func (e *Engine) Load(ctx context.Context, image *oci.Image, ref oci.Reference) error {
	engine, err := e.here()
	if err != nil {
		return err
	}
	return engine.Load(ctx, image, ref)
}

// Has tells whether the container engine of this machine has an image.
func (e *Engine) Has(ctx context.Context, reference string) (bool, error) {
	engine, err := e.here()
	if err != nil {
		return false, err
	}
	return engine.Has(ctx, reference)
}

// loaded are the images of a pipeline that were loaded to be applied; none where that
// can't be, or where nobody answers.
func (e *Engine) loaded(ctx context.Context, pipeline string) (all []deploy.Object) {
	engine, err := e.here()
	if err != nil {
		return nil
	}
	names, err := engine.Loaded(ctx, pipeline)
	if err != nil {
		return nil
	}
	for _, name := range names {
		all = append(all, deploy.Object{Kind: "image", Name: name, Spare: true})
	}
	return all
}
