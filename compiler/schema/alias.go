package schema

import "slices"

// aliases are what other tools, and people by habit, call our keys. The first
// that a mapping knows is meant.
var aliases = map[string][]string{
	// keys of nodes
	"input": {"from", "sources"}, "inputs": {"from", "sources"}, "in": {"from"}, "source": {"from", "sources"}, "upstream": {"from"}, "after": {"from"},
	"type": {"use"}, "connector": {"use"}, "kind": {"use"}, "plugin": {"use"}, "component": {"use"}, "uses": {"use"},
	"options": {"config"}, "params": {"config", "let"}, "settings": {"config"}, "with": {"config"}, "configuration": {"config"}, "properties": {"config"},
	"output": {"out", "sinks"}, "schema": {"out", "types"}, "record": {"out"}, "returns": {"out"},
	"workers": {"parallel"}, "concurrency": {"parallel"}, "threads": {"parallel"}, "parallelism": {"parallel"}, "lanes": {"parallel"},
	"vars": {"let"}, "variables": {"let"}, "constants": {"let"}, "const": {"let"},
	"error": {"on_error"}, "errors": {"on_error"}, "onError": {"on_error"}, "on_failure": {"on_error"}, "error_policy": {"on_error"},
	"formerly": {"was"}, "renamed_from": {"was"}, "partition_by": {"key"}, "key_by": {"key"},
	// kinds of processors
	"where": {"filter"}, "if": {"filter"}, "when": {"filter"}, "keep": {"filter"},
	"transform": {"map"}, "select": {"map"}, "project": {"map"}, "mapping": {"map"}, "convert": {"map"},
	"add": {"set"}, "assign": {"set"}, "update": {"set"}, "mutate": {"set"},
	"remove": {"unset"}, "delete": {"unset"}, "drop_fields": {"unset"},
	"assert": {"check"}, "validate": {"check"}, "require": {"check"}, "ensure": {"check"},
	"decode": {"parse"}, "extract": {"parse"}, "grok": {"parse"},
	"explode": {"flatmap"}, "split": {"flatmap", "route"}, "unnest": {"flatmap"}, "expand": {"flatmap"},
	"switch": {"route"}, "branch": {"route"}, "cases": {"route"}, "routes": {"route"},
	// on_error, batch, delivery, telemetry
	"retries": {"retry"}, "attempts": {"retry"}, "max_retries": {"retry"}, "tries": {"retry"},
	"delay": {"backoff"}, "wait": {"backoff"}, "max_delay": {"max_backoff"},
	"dlq": {"then"}, "dead_letter": {"then"}, "action": {"then"}, "otherwise": {"then"},
	"size": {"count"}, "records": {"count"}, "max_size": {"count"}, "max_bytes": {"bytes"},
	"timeout": {"linger", "drain"}, "interval": {"linger", "every"}, "period": {"linger", "every"}, "flush": {"linger"},
	"semantics": {"guarantee"}, "level": {"guarantee"}, "metrics": {"http"}, "address": {"http"}, "logs": {"log"}, "log_level": {"level"},
	// the top level
	"name": {"pipeline"}, "id": {"pipeline"}, "version": {"flowc"}, "import": {"imports"}, "includes": {"include"}, "schemas": {"types"}, "events": {"types"},
	"steps": {"processors"}, "stages": {"processors"}, "transforms": {"processors"}, "nodes": {"processors"}, "outputs": {"sinks"},
	"default": {"defaults"}, "observability": {"telemetry"}, "monitoring": {"telemetry"}, "target": {"targets"}, "deploy": {"targets"},
	// targets
	"kubernetes": {"k8s"}, "kube": {"k8s"}, "docker-compose": {"compose"}, "docker": {"compose"}, "systemd": {"local"},
}

// Meant is the key among some that a word means by the habits of other tools,
// "" for none.
func Meant(word string, keys []string) string {
	for _, key := range aliases[word] {
		if slices.Contains(keys, key) {
			return key
		}
	}
	return ""
}
