package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"github.com/flowc-dev/flowc/runtime/supervise"
)

// A network is the one that the containers of a sandbox have, in the engine.
type network struct {
	engine, name string
	// gateway is this machine's own address in it, "" where the engine tells none.
	gateway string
}

// connect makes the network of the containers, so that servers in this process know where
// containers reach them before they start. It is nil on a machine without an engine.
func (w *work) connect(ctx context.Context) (*network, error) {
	engine, err := supervise.Engine()
	if errors.Is(err, supervise.ErrNoEngine) {
		return nil, nil // whoever needs a container says so
	}
	if err != nil {
		return nil, err
	}
	n := &network{engine: engine, name: networkName(w.plan.ID)}
	if err := engineSays(ctx, engine, "network", "create", "--label", label+"="+w.plan.ID, n.name); err != nil {
		return nil, err
	}
	out, err := exec.CommandContext(ctx, engine, "network", "inspect", n.name).Output()
	if err != nil {
		return nil, fmt.Errorf("%s network inspect: %w", engine, err)
	}
	n.gateway = gatewayOf(out)
	return n, nil
}

// gatewayOf is the machine's address in a network, as docker, nerdctl or podman tell it.
func gatewayOf(inspected []byte) string {
	var all []struct {
		IPAM struct {
			Config []struct{ Gateway string }
		}
		Subnets []struct{ Gateway string } // podman's
	}
	if json.Unmarshal(inspected, &all) != nil {
		return ""
	}
	for _, n := range all {
		for _, s := range append(n.IPAM.Config, n.Subnets...) {
			if address, _, _ := strings.Cut(s.Gateway, "/"); address != "" {
				return address
			}
		}
	}
	return ""
}
