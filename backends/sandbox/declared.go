package sandbox

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/runtime/sandbox"
)

// stands are the images in whose place a sandbox serves something itself, by what the last
// part of their name is or begins with.
var stands = []struct{ image, kind string }{
	{"postgres", sandbox.Postgres},
	{"postgis", sandbox.Postgres},
	{"postgresql", sandbox.Postgres},
	{"redis", sandbox.Redis},
	{"redis-stack", sandbox.Redis},
	{"valkey", sandbox.Redis},
	{"dragonfly", sandbox.Redis},
	{"keydb", sandbox.Redis},
	{"kafka", sandbox.Kafka},
	{"cp-kafka", sandbox.Kafka},
	{"kafka-native", sandbox.Kafka},
	{"redpanda", sandbox.Kafka},
	{"confluent-local", sandbox.Kafka},
	{"nats", sandbox.NATS},
	{"minio", sandbox.S3},
	{"localstack", sandbox.S3},
	{"s3mock", sandbox.S3},
}

// keepers are images that a Kafka of the sandbox's own has no need of.
var keepers = []string{"zookeeper", "cp-zookeeper"}

// KindOf is what a sandbox serves in the place of an image, "" where it needs a container.
func KindOf(image string) string {
	name := imageName(image)
	for _, s := range stands {
		if name == s.image {
			return s.kind
		}
	}
	return ""
}

// imageName is the last part of the name of an image, without tag and digest.
func imageName(image string) string {
	image, _, _ = strings.Cut(image, "@")
	image = image[strings.LastIndexByte(image, '/')+1:]
	name, _, _ := strings.Cut(image, ":")
	return name
}

// ports are those that servers have in their images.
var ports = map[string]int{sandbox.Kafka: 9092, sandbox.NATS: 4222, sandbox.Postgres: 5432, sandbox.Redis: 6379, sandbox.S3: 9000}

// Services are those of a file. What a sandbox can serve itself it does, unless all are to
// be containers. Notes say what was left out.
func Services(declared []sandbox.Declared, containers bool) (all []sandbox.Service, notes []string) {
	embedded := func(d sandbox.Declared) string {
		if containers {
			return ""
		}
		return KindOf(d.Image)
	}
	own := slices.ContainsFunc(declared, func(d sandbox.Declared) bool { return embedded(d) == sandbox.Kafka })
	left := func(d sandbox.Declared) bool { return own && slices.Contains(keepers, imageName(d.Image)) }
	for _, d := range declared {
		if left(d) {
			notes = append(notes, fmt.Sprintf("%s: `%s` is left out: the sandbox's own Kafka needs no ZooKeeper", d.At, d.Name))
			continue
		}
		s := sandbox.Service{Name: d.Name, Kind: embedded(d), Why: []string{d.At}}
		if s.Kind == "" {
			s.Kind, s.Container = sandbox.Container, container(d, declared, left)
			all = append(all, s)
			continue
		}
		if i := slices.IndexFunc(all, func(o sandbox.Service) bool { return o.Kind == s.Kind }); i >= 0 {
			notes = append(notes, fmt.Sprintf("%s: `%s` is the same server as `%s`: a sandbox has one of a kind", d.At, d.Name, all[i].Name))
			continue
		}
		for _, p := range d.Ports {
			if p.Container == ports[s.Kind] || len(d.Ports) == 1 {
				s.Port, s.Fixed = p.Host, p.Host != 0
			}
		}
		fill(&s, d)
		all = append(all, s)
	}
	return all, notes
}

// container is what runs a service in a container.
func container(d sandbox.Declared, declared []sandbox.Declared, left func(sandbox.Declared) bool) *sandbox.Image {
	i := &sandbox.Image{Image: d.Image, Command: d.Command, Entrypoint: d.Entrypoint, Env: d.Env, Volumes: d.Volumes, Health: d.Health}
	for _, p := range d.Ports {
		i.Publish = append(i.Publish, fmt.Sprintf("%s:%d:%d", here, p.Host, p.Container))
	}
	for _, name := range d.After {
		if !slices.ContainsFunc(declared, func(o sandbox.Declared) bool { return o.Name == name && left(o) }) {
			i.After = append(i.After, name)
		}
	}
	return i
}

// fill gives a server of the sandbox's own what the variables of an image say.
func fill(s *sandbox.Service, d sandbox.Declared) {
	switch s.Kind {
	case sandbox.Postgres:
		user := d.Variable("POSTGRES_USER")
		if user != "" && user != defaultUser {
			s.Logins = append(s.Logins, sandbox.Login{User: user})
		}
		if database := cmp.Or(d.Variable("POSTGRES_DB"), user); database != "" && database != defaultDatabase {
			s.Databases = append(s.Databases, database)
		}
	case sandbox.Redis:
		password := d.Variable("REDIS_PASSWORD")
		for i, w := range d.Command {
			if w == "--requirepass" && i+1 < len(d.Command) {
				password = d.Command[i+1]
			}
		}
		if password != "" {
			s.Logins = append(s.Logins, sandbox.Login{Password: password})
		}
	case sandbox.Kafka:
		for topic := range strings.SplitSeq(d.Variable("KAFKA_CREATE_TOPICS"), ",") {
			if name, _, _ := strings.Cut(strings.TrimSpace(topic), ":"); name != "" {
				addTo(&s.Topics, name)
			}
		}
	case sandbox.S3:
		for bucket := range strings.SplitSeq(d.Variable("MINIO_DEFAULT_BUCKETS"), ",") {
			if name := strings.TrimSpace(bucket); name != "" {
				addTo(&s.Buckets, name)
			}
		}
	}
}

// Add joins the services of a file with those that a pipeline needs: one of a kind is one
// service, and the file says its port.
func Add(all, more []sandbox.Service) []sandbox.Service {
	out := slices.Clone(all)
	for _, s := range more {
		i := slices.IndexFunc(out, func(o sandbox.Service) bool { return o.Kind == s.Kind && s.Kind != sandbox.Container })
		if i < 0 {
			out = append(out, s)
			continue
		}
		o := &out[i]
		if s.Fixed {
			o.Port, o.Fixed = s.Port, true
		}
		o.Name = s.Name
		o.Why = append(slices.Clone(o.Why), s.Why...)
		for _, l := range s.Logins {
			if !slices.Contains(o.Logins, l) {
				o.Logins = append(o.Logins, l)
			}
		}
		for _, part := range []struct {
			to   *[]string
			from []string
		}{{&o.Databases, s.Databases}, {&o.Topics, s.Topics}, {&o.Buckets, s.Buckets}} {
			for _, name := range part.from {
				addTo(part.to, name)
			}
		}
		o.Tables, o.Streams = append(o.Tables, s.Tables...), append(o.Streams, s.Streams...)
	}
	slices.SortFunc(out, func(a, b sandbox.Service) int { return strings.Compare(a.Name, b.Name) })
	return out
}
