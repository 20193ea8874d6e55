package syntax

import (
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/source"
)

// A Foreign is what a node says of a component in a process or a container of its own,
// beside its config (Node.Config). Every spelling is read into it.
type Foreign struct {
	// Reference and Go name a component that flowc brings: of a registry, or in Go.
	Reference, Go Text
	// Command, Image and Endpoint say what it is; their spans are those of the keys.
	// CommandLine tells that the command was one text, which has been taken apart.
	Command                              []*ir.Value
	Image, Endpoint                      *ir.Value
	CommandSpan, ImageSpan, EndpointSpan source.Span
	CommandLine                          bool
	Args                                 []*ir.Value
	Protocol                             Text
	Takes, Gives                         []Text
	Env                                  []ConfigKey
	Metadata                             Text // relative to the root pipeline
	Port, HealthPort                     int  // 0 where nothing is said
	PortSpan, HealthPortSpan             source.Span
	HealthCheck                          Text
	Ports                                []ir.ForeignPort
	Volumes                              []ir.ForeignVolume
	Secrets                              []ir.ForeignSecret
	Requests, Limits                     ir.ForeignResources
	Restart                              Text
	// Settle is nanoseconds, Window a number of events; 0 where nothing is said.
	Settle     int64
	SettleSpan source.Span
	Window     int
	WindowSpan source.Span
	// Format is how payloads are written.
	Format Text
}

// Named is where the component's descriptor is named: by its path, or with the component.
func (f *Foreign) Named() source.Span {
	for _, t := range []Text{f.Reference, f.Metadata, f.Go} {
		if !t.IsZero() {
			return t.Span
		}
	}
	return source.Span{}
}
