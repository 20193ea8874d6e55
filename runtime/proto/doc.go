// Package proto is the protocols flowctl.v1 and flowc.v1 in Go: what components and pipelines
// speak, and what the control plane does. The Go is generated from flowctl.proto and
// flowc.proto.
//
//	protoc --go_out=. --go_opt=paths=source_relative --go-grpc_out=. --go-grpc_opt=paths=source_relative flowctl.proto flowc.proto
package proto
