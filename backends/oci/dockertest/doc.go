// Package dockertest starts a Docker engine for tests, where the machine can run
// one: an engine of the test's own, with data and socket in a folder that goes
// away with it. The machine's own engine, if there is one, is not touched.
//
// It needs Linux, root, dockerd with iptables (Debian: docker.io iptables) and the
// docker command. Where something of that is missing, the test is skipped and says
// what.
package dockertest
