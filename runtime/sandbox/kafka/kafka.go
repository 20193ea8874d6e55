// Package kafka serves Kafka's protocol in the process of a sandbox: one broker, whose
// topics, groups and transactions are kept in files. A topic that is asked for is made.
package kafka

import (
	"context"
	"fmt"
	"net"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flowc-dev/flowc/runtime/sandbox"
)

// A broker is a cluster of one.
type broker struct{ cluster *kfake.Cluster }

// Stop implements [sandbox.Server].
func (b broker) Stop() { b.cluster.Close() }

// Died implements [sandbox.Server]: it lives as long as the process.
func (broker) Died() <-chan error { return nil }

// Start starts a broker with the topics of the service.
func Start(_ context.Context, h *sandbox.Host) (sandbox.Server, error) {
	options := []kfake.Opt{
		kfake.NumBrokers(1), kfake.Ports(h.Port), kfake.ClusterID("flowc-sandbox"), kfake.DataDir(h.Dir),
		kfake.AllowAutoTopicCreation(), kfake.DefaultNumPartitions(1), kfake.WithLogger(logger{h}),
		kfake.ListenFn(func(network, _ string) (net.Listener, error) {
			l, err := net.Listen(network, h.Address())
			if err != nil || h.Inside == "" {
				return l, err
			}
			return advertised{l, h.Inside}, nil
		}),
	}
	if len(h.Topics) > 0 {
		options = append(options, kfake.SeedTopics(1, h.Topics...))
	}
	c, err := kfake.NewCluster(options...)
	if err != nil {
		return nil, fmt.Errorf("the broker can't be started: %w", err)
	}
	// As a broker does that comes with auto.create.topics.enable, and clients of Java ask
	// for: a record may say which topic it goes to.
	c.ControlKey(int16(kmsg.Metadata), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		if m, ok := r.(*kmsg.MetadataRequest); ok {
			m.AllowAutoTopicCreation = true
		}
		return nil, nil, false
	})
	return broker{c}, nil
}

// An advertised listener is told to clients by an address at which all of them reach it:
// those on this machine and those in containers, whose loopback is another one.
type advertised struct {
	net.Listener
	at string
}

// Addr implements [net.Listener].
func (a advertised) Addr() net.Addr { return address(a.at) }

type address string

// Network implements [net.Addr].
func (address) Network() string { return "tcp" }

// String implements [net.Addr].
func (a address) String() string { return string(a) }

// A logger hands on what goes wrong.
type logger struct{ h *sandbox.Host }

// Logf implements [kfake.Logger].
func (l logger) Logf(level kfake.LogLevel, format string, args ...any) {
	if level == kfake.LogLevelError || level == kfake.LogLevelWarn {
		l.h.Log(format, args...)
	}
}
