//go:build tools

// Package containerd names what runs the containers of the cluster, so that its module
// stays in go.mod. It has a module of its own because its versions of what both use
// differ from those that Kubernetes is built with.
package containerd

import (
	_ "github.com/containerd/containerd/v2/cmd/containerd"
	_ "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2"
	_ "github.com/containerd/containerd/v2/cmd/ctr"
)
