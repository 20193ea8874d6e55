package kubernetes_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/backendtest"
	"github.com/flowc-dev/flowc/backends/kubernetes"
	"github.com/flowc-dev/flowc/ir"
)

// with are options with those that a case can't do without.
func with(t *testing.T, name, options string) backends.Options {
	t.Helper()
	all := map[string]any{}
	if need := needed[name]; need != "" {
		if err := json.Unmarshal([]byte(need), &all); err != nil {
			t.Fatal(err)
		}
	}
	if err := json.Unmarshal([]byte(options), &all); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

var needed = map[string]string{
	"csv-to-ndjson": `{"files":{"trips.csv":{"claim":"trips"}}}`,
	"quiet":         `{"files":{"logs/**/*.ndjson":{"claim":"logs"}}}`,
	"serve":         `{"env":{"SHOP_URL":"https://shop.eu.example.com"}}`,
	"shared":        `{"files":{"certs/ca.pem":{"configMap":"ca"}},"secrets":{"KAFKA_USER":{}}}`,
}

// What can't be had in a cluster is refused with a reason.
func TestRefused(t *testing.T) {
	for _, c := range []struct{ program, options, want string }{
		{"let-env", `{}`, "`ns` reads standard input, and on the target k8s there is none"},
		{"csv-to-ndjson", `{"files":{}}`, "`trips` reads `trips.csv`, and the target k8s must be told where that is"},
		{"csv-to-ndjson", `{"files":{"trip.csv":{"claim":"x"},"trips.csv":{"claim":"x"}}}`, "the pipeline reads no file `trip.csv`"},
		{"csv-to-ndjson", `{"files":{"trips.csv":{"hostPath":"srv/trips.csv"}}}`, "`srv/trips.csv` is a path of the node, and must begin with a slash"},
		{"csv-to-ndjson", `{"files":{"trips.csv":{"hostPath":"/srv/trips.csv"}},"namespace":"a","createNamespace":true}`, "restricted Pod Security, which `createNamespace` asks for, refuses folders of the node"},
		{"csv-to-ndjson", `{"files":{"trips.csv":{"claim":"Trips"}}}`, "`Trips` can't be the name of an object"},
		{"csv-to-ndjson", `{"files":{"trips.csv":{}}}`, "where `trips.csv` is must be said in one way"},
		{"csv-to-ndjson", `{"files":{"trips.csv":{"claim":"a","hostPath":"/b"}}}`, "where `trips.csv` is must be said in one way"},
		{"csv-to-ndjson", `{"files":{"trips.csv":{"configMap":"a","path":"b"}}}`, "has a `path`, which is a folder of a claim"},
		{"csv-to-ndjson", `{"files":{"trips.csv":{"claim":"a","key":"b"}}}`, "has a `key`, which is one of a ConfigMap or Secret"},
		{"foreign-lines", `{"files":{"../x":{"claim":"x"}}}`, "`../x` is not below the folder that the program works in"},
		{"foreign-lines", `{"files":{"x/":{"content":"x"}}}`, "`x/` is more than one file, and a content is one"},
		{"quiet", `{"as":"job"}`, "`quiet` never ends, and a Job is for what ends by itself"},
		{"csv-to-ndjson", `{"as":"deployment"}`, "`csv-to-ndjson` ends by itself, and a Deployment would start it again and again"},
		{"csv-to-ndjson", `{"as":"statefulset"}`, "and a StatefulSet would start it again and again"},
		{"csv-to-ndjson", `{"as":"cronjob"}`, "a CronJob must know when it runs"},
		{"csv-to-ndjson", `{"as":"job","schedule":"@daily"}`, "a Job runs once, and `schedule` asks for more"},
		{"csv-to-ndjson", `{"schedule":"0 25 * * *"}`, "`0 25 * * *` is no schedule: `25` is no hour"},
		{"csv-to-ndjson", `{"schedule":"@daily","timeZone":"Local"}`, "`Local` is no name of a time zone"},
		{"csv-to-ndjson", `{"timeZone":"Etc/UTC"}`, "`timeZone` is that of a `schedule`, and there is none"},
		{"csv-to-ndjson", `{"replicas":2}`, "a Job has one copy of a program that ends by itself"},
		{"csv-to-ndjson", `{"scale":{"max":2}}`, "a Job is not scaled"},
		{"csv-to-ndjson", `{"service":{"type":"NodePort"}}`, "`csv-to-ndjson` listens for no records"},
		{"csv-to-ndjson", `{"memory":"8MiB"}`, "`8MiB` is no size that a program could run in"},
		{"csv-to-ndjson", `{"memory":"much"}`, "`much` is no size that a program could run in"},
		{"csv-to-ndjson", `{"cpu":"many"}`, "`many` is no share of a CPU"},
		{"csv-to-ndjson", `{"cpu":0}`, "`0` is no share of a CPU"},
		{"csv-to-ndjson", `{"storage":"x"}`, "`x` is no size of a volume"},
		{"csv-to-ndjson", `{"namespace":"A"}`, "`A` can't be the name of a namespace"},
		{"csv-to-ndjson", `{"createNamespace":true}`, "a namespace can't be added without its name"},
		{"csv-to-ndjson", `{"labels":{"a b":"x"}}`, "`a b` can't be the key of a label"},
		{"csv-to-ndjson", `{"labels":{"a":"x y"}}`, "`x y` can't be the value of the label `a`"},
		{"csv-to-ndjson", `{"labels":{"1":"x"}}`, "`1` reads like a number in YAML"},
		{"csv-to-ndjson", `{"labels":{"app.kubernetes.io/name":"x"}}`, "the label `app.kubernetes.io/name` is `csv-to-ndjson`: it tells which pods are whose"},
		{"csv-to-ndjson", `{"annotations":{"a b":"x"}}`, "`a b` can't be the key of an annotation"},
		{"csv-to-ndjson", `{"imagePullSecrets":["A"]}`, "`A` can't be the name of an object"},
		{"csv-to-ndjson", `{"overlay":{"Deployment":{}}}`, "there is no Deployment to lay something over"},
		{"csv-to-ndjson", `{"overlay":{"Job":{"spec":{"backofLimit":1}}}}`, "Job has no field `spec.backofLimit`"},
		{"csv-to-ndjson", `{"overlay":{"Job":{"spec":{"backoffLimit":"1"}}}}`, "cannot unmarshal string into Go struct field JobSpec.spec.backoffLimit of type int32"},
		{"csv-to-ndjson", `{"overlay":{"Job":{"metadata":{"name":"x"}}}}`, "other objects know this one as `csv-to-ndjson`"},
		{"csv-to-ndjson", `{"overlay":{"Job":{"metadata":{"namespace":"x"}}}}`, "the objects of a pipeline are in one namespace"},
		{"csv-to-ndjson", `{"overlay":{"Job":{"kind":"CronJob"}}}`, "an overlay changes what an object says, and not what it is"},
		{"csv-to-ndjson", `{"overlay":{"Job":{"spec":{"template":{"spec":{"containers":[{"image":"x"}]}}}}}}`, "it can't be merged"},
		{"quiet", `{"as":"job"}`, "`quiet` never ends, and a Job is for what ends by itself"},
		{"quiet", `{"schedule":"@daily"}`, "`quiet` never ends, and so it can't be started on a schedule"},
		{"quiet", `{"as":"cronjob","schedule":"@daily"}`, "`quiet` never ends, and so it can't be started on a schedule"},
		{"quiet", `{"as":"deployment","schedule":"@daily"}`, "a Deployment is not started on a schedule"},
		{"quiet", `{"replicas":2}`, "one copy of `quiet` may run, and not 2: `lines` reads all that there is, and a second copy would read it again"},
		{"quiet", `{"scale":{"max":3}}`, "one copy of `quiet` may run, and not 3"},
		{"quiet", `{"files":{"logs/**/*.ndjson":{"content":"x"}}}`, "`logs/**/*.ndjson` is more than one file, and a content is one"},
		{"serve", `{"env":{}}`, "the program needs the variable `SHOP_URL`, and the target k8s does not give it"},
		{"serve", `{"env":{"SHOP_URL":"x","EVENTS_TOKEN":"x"}}`, "`EVENTS_TOKEN` is a secret, and `targets.k8s.env` would write it into the files of the deployment"},
		{"serve", `{"env":{"SHOP_URL":"x","A":"b"},"secrets":{"A":{}}}`, "`A` has a value in `env`, and a Secret in `secrets`"},
		{"serve", `{"env":{"SHOP_URL":"x","GOMEMLIMIT":"1GiB"}}`, "`GOMEMLIMIT` is written by flowc"},
		{"serve", `{"secrets":{"strip.e":{}}}`, "`strip.e` is neither the name of a variable nor a file that the pipeline reads"},
		{"serve", `{"secrets":{"stripe":{"name":"A"}}}`, "`A` can't be the name of an object"},
		{"serve", `{"secrets":{"stripe":{"key":"a b"}}}`, "`a b` can't be the key of a Secret"},
		{"shared", `{"scale":{"max":3},"replicas":3}`, "`scale` chooses the number of copies, and `replicas` would set it back"},
		{"shared", `{"scale":{"min":4,"max":3}}`, "at least 4 copies, and 3 at most"},
		{"shared", `{"scale":{"min":0,"max":3}}`, "a program without a copy uses no CPU"},
		{"shared", `{"scale":{"max":3,"monitor":"x:1"}}`, "`monitor` is for `by: lag`"},
		{"shared", `{"scale":{"max":3,"by":"lag"}}`, "the broker of `orders` asks for `tls.ca`, and KEDA has none to give"},
	} {
		list := kubernetes.Backend{}.Check(backendtest.Program(t, c.program), with(t, c.program, c.options))
		var all []string
		for _, d := range list {
			all = append(all, d.Message)
		}
		if len(list) == 0 || !strings.Contains(strings.Join(all, "\n"), c.want) {
			t.Errorf("%s with %s is not refused with %q but %q", c.program, c.options, c.want, all)
		}
	}
}

// emitted is the one file of a program.
func emitted(t *testing.T, p *ir.Program, o backends.Options, l backends.Layout) string {
	t.Helper()
	if list := (kubernetes.Backend{}).Check(p, o); len(list) > 0 {
		t.Fatal(list)
	}
	files, err := kubernetes.Backend{}.Emit(p, o, l)
	if err != nil || len(files) != 1 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	return string(files[0].Data)
}

// What the options say is in the objects.
func TestOptions(t *testing.T) {
	for _, c := range []struct{ program, options, want string }{
		{"csv-to-ndjson", `{"schedule":"@every 90m"}`, "schedule: \"@every 90m\""},
		{"csv-to-ndjson", `{"schedule":"0 3 * * *"}`, "timeZone: Etc/UTC"},
		{"csv-to-ndjson", `{"storageClass":"fast"}`, "storageClassName: fast"},
		{"csv-to-ndjson", `{"memory":"1Gi"}`, "value: 921MiB"},
		{"csv-to-ndjson", `{"cpu":0.5}`, "cpu: 500m"},
		{"csv-to-ndjson", `{"files":{"trips.csv":{"hostPath":"/srv/x/trips.csv"}}}`, "path: /srv/x\n"},
		{"csv-to-ndjson", `{"files":{"trips.csv":{"hostPath":"/srv/x"}}}`, "path: /srv/x\n"},
		{"quiet", `{"files":{"logs/**/*.ndjson":{"configMap":"x"}}}`, "            name: x\n            defaultMode: 288\n"},
		{"quiet", `{"networkPolicy":"ingress"}`, "  policyTypes:\n    - Ingress\n"},
		{"serve", `{"service":{"type":"NodePort"}}`, "type: NodePort"},
		{"shared", `{"replicas":3}`, "replicas: 3"},
		{"durable", `{"env":{"NATS_URL":"nats://nats:4222"},"scale":{"max":3,"by":"lag"}}`, "natsServerMonitoringEndpoint: nats:8222"},
		{"durable", `{"scale":{"max":3,"by":"lag","monitor":"nats.infra:8222"}}`, "natsServerMonitoringEndpoint: nats.infra:8222"},
		{"durable", `{"scale":{"min":0,"max":3,"by":"lag"}}`, "  minReplicaCount: 0\n"},
		{"shared", `{"env":{"FLOWC_SET":"orders.config.start=latest"}}`, "orders.config.start=latest\n"},
		{"shared", `{"overlay":{"Deployment":{"spec":{"template":{"spec":{"volumes":[{"$patch":"delete","name":"tmp"}],"containers":[{"name":"pipeline","volumeMounts":[{"$patch":"delete","mountPath":"/tmp"}]}]}}}}}}`, "mountPath: /data\n"},
	} {
		if got := emitted(t, backendtest.Program(t, c.program), with(t, c.program, c.options), backends.Layout{}); !strings.Contains(got, c.want) {
			t.Errorf("%s with %s has no %q:\n%s", c.program, c.options, c.want, got)
		}
	}
}

// What a trigger of KEDA must know and is a variable of the program's, it reads there.
func TestLagOfVariables(t *testing.T) {
	p := backendtest.Program(t, "shared")
	for _, n := range p.Nodes {
		op, ok := n.Op.(*ir.Source)
		if !ok {
			continue
		}
		for i := range op.Config {
			if op.Config[i].Key == "brokers" {
				op.Config[i].Value = &ir.Value{Items: []*ir.Value{{Parts: []ir.Part{{Kind: ir.Env, Text: "BROKERS"}}}}}
			}
		}
	}
	o := `{"scale":{"max":3,"by":"lag","authentication":"kafka"},"secrets":{"KAFKA_USER":{},"BROKERS":{}}}`
	if got := emitted(t, p, with(t, "shared", o), backends.Layout{}); !strings.Contains(got, "bootstrapServersFromEnv: BROKERS\n") {
		t.Errorf("KEDA does not read BROKERS:\n%s", got)
	}
	o = `{"scale":{"max":3,"by":"lag","authentication":"kafka"},"env":{"BROKERS":"k:9092"}}`
	if got := emitted(t, p, with(t, "shared", o), backends.Layout{}); !strings.Contains(got, `bootstrapServers: k:9092`) {
		t.Errorf("KEDA does not have the address:\n%s", got)
	}
}

// Where a group has read nothing yet, what waits is what it is going to read.
func TestLagOfNewGroups(t *testing.T) {
	for start, want := range map[string]string{"": "earliest", "earliest": "earliest", "latest": "latest", "2026-01-31T08:00:00Z": "earliest"} {
		p := backendtest.Program(t, "shared")
		for _, n := range p.Nodes {
			op, ok := n.Op.(*ir.Source)
			if !ok {
				continue
			}
			op.Config = slices.DeleteFunc(op.Config, func(s ir.Setting) bool { return s.Key == "start" })
			if start != "" {
				op.Config = append(op.Config, ir.Setting{Key: "start", Value: &ir.Value{Parts: []ir.Part{{Kind: ir.Literal, Text: start}}}})
			}
		}
		o := `{"scale":{"max":3,"by":"lag","authentication":"kafka"}}`
		if got := emitted(t, p, with(t, "shared", o), backends.Layout{}); !strings.Contains(got, "offsetResetPolicy: "+want+"\n") {
			t.Errorf("start %q does not give %s:\n%s", start, want, got)
		}
	}
}

// A value comes to the program as it is, whatever the kubelet would make of it.
func TestLiterals(t *testing.T) {
	got := emitted(t, backendtest.Program(t, "shared"), with(t, "shared", `{"env":{"A":"$(HOME) $$ $x $$(y)"}}`), backends.Layout{})
	if want := `value: $$(HOME) $$$ $x $$$$(y)`; !strings.Contains(got, want) {
		t.Errorf("no %q in\n%s", want, got)
	}
}

// jobName is the name of the Job of a program.
func jobName(t *testing.T, p *ir.Program, o backends.Options, image string) string {
	t.Helper()
	_, job, ok := strings.Cut(emitted(t, p, o, backends.Layout{Image: image}), "kind: Job\nmetadata:\n  name: ")
	if !ok {
		t.Fatal("there is no Job")
	}
	name, _, _ := strings.Cut(job, "\n")
	return name
}

// A Job can't be changed, so that one which differs has another name.
func TestJobsAreNamedByWhatTheyDo(t *testing.T) {
	p := backendtest.Program(t, "csv-to-ndjson")
	first := jobName(t, p, with(t, "csv-to-ndjson", `{}`), "a:1")
	names := []string{first}
	if again := jobName(t, p, with(t, "csv-to-ndjson", `{}`), "a:1"); again != first {
		t.Errorf("the same Job is called %s and %s", first, again)
	}
	for _, name := range []string{
		jobName(t, p, with(t, "csv-to-ndjson", `{}`), "a:2"),
		jobName(t, p, with(t, "csv-to-ndjson", `{"memory":"1Gi"}`), "a:1"),
		jobName(t, p, with(t, "csv-to-ndjson", `{"overlay":{"Job":{"spec":{"backoffLimit":1}}}}`), "a:1"),
		jobName(t, p, with(t, "csv-to-ndjson", `{"files":{"trips.csv":{"content":"a"}}}`), "a:1"),
		jobName(t, p, with(t, "csv-to-ndjson", `{"files":{"trips.csv":{"content":"b"}}}`), "a:1"),
	} {
		if slices.Contains(names, name) {
			t.Errorf("two Jobs are called %s", name)
		}
		names = append(names, name)
	}
}

// Names are such as a server takes, and two pipelines never share one.
func TestNames(t *testing.T) {
	seen := map[string]string{}
	for _, name := range []string{"orders", "1orders", "a", "9", strings.Repeat("a", 52), strings.Repeat("a", 53), strings.Repeat("a", 63), strings.Repeat("1", 63)} {
		p := backendtest.Program(t, "quiet")
		p.Name = name
		files, err := kubernetes.Backend{}.Emit(p, with(t, "quiet", `{}`), backends.Layout{})
		if err != nil {
			t.Fatal(err)
		}
		base := strings.TrimSuffix(files[0].Path, ".yaml")
		if len(base) > 52 || base[0] < 'a' || base[0] > 'z' || strings.Trim(base, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			t.Errorf("%s becomes %s", name, base)
		}
		if other, ok := seen[base]; ok {
			t.Errorf("%s and %s become %s", name, other, base)
		}
		seen[base] = name
	}
}
