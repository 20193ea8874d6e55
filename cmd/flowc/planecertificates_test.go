//go:build unix

package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/runtime/control/certtest"
)

// A run and a control plane know each other by certificates: whoever shows none, an old one or
// somebody else's, and whoever trusts another authority, is told so before anything runs.
func TestRunsByCertificates(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds programs")
	}
	t.Parallel()
	s := newShell(t)
	a, stranger := certtest.New(t, t.TempDir()), certtest.New(t, t.TempDir())
	a.Server("server", certtest.Valid)
	a.Server("past", certtest.Past)
	a.Client("good", certtest.Valid)
	a.Client("old", certtest.Past)
	stranger.Client("foreign", certtest.Valid)
	p := servePlane(t, filepath.Join(s.dir, "control.db"), "--tls-cert", a.File("server.crt"), "--tls-key", a.File("server.key"), "--tls-ca", a.File("ca.crt"))
	past := servePlane(t, filepath.Join(s.dir, "past.db"), "--tls-cert", a.File("past.crt"), "--tls-key", a.File("past.key"))

	shown := func(by *certtest.Authority, name string) []string {
		return []string{"--tls-ca", a.File("ca.crt"), "--tls-cert", by.File(name + ".crt"), "--tls-key", by.File(name + ".key")}
	}
	for _, c := range []struct {
		name string
		at   *servedPlane
		args []string
		says string
	}{
		{"no TLS", p, nil, "--tls-ca"},
		{"another authority", p, []string{"--tls-ca", stranger.File("ca.crt")}, "signed by unknown authority"},
		{"no certificate", p, []string{"--tls-ca", a.File("ca.crt")}, "certificate required"},
		{"an old one", p, shown(a, "old"), "remote error: tls: expired certificate"},
		{"somebody else's", p, shown(stranger, "foreign"), "unknown certificate authority"},
		{"a server whose own is old", past, []string{"--tls-ca", a.File("ca.crt")}, "certificate has expired"},
	} {
		for _, command := range [][]string{{"run", "pipeline.yaml"}, {"ps"}} {
			args := append(command, append([]string{"--control-plane", c.at.grpc}, c.args...)...)
			out := s.flowc(exitEnv, args...)
			if !strings.Contains(out, c.says) {
				t.Errorf("%s, %s: %s", c.name, command[0], out)
			}
		}
	}

	plane := append([]string{"--control-plane", p.grpc}, shown(a, "good")...)
	s.flowc(exitOK, append([]string{"run", "--detach"}, append(plane, "pipeline.yaml")...)...)
	elsewhere := newShell(t)
	eventually(t, "the run is known", func() bool {
		for _, r := range elsewhere.listed(plane...) {
			return r.State == deploy.Ready && len(r.Instances[0].Figures.Nodes) == 3
		}
		return false
	})
	s.flowc(exitOK, "stop", "shop")
	eventually(t, "its end is known", func() bool {
		for _, r := range elsewhere.listed(append(plane, "--ended")...) {
			return r.State == deploy.Stopped
		}
		return false
	})
}
