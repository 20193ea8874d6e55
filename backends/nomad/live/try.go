package live

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/nomad/api"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/backends/nomad"
)

// triesFor is how long a try may take, most of which is the download of an image.
const triesFor = 5 * time.Minute

// Try finds out whether a release could start: Nomad takes its jobs, clients have what
// they need, the variables with its secrets are there. Then each program runs `check`, as
// a batch of its own beside what runs, with the same image, settings, files and secrets:
// it makes the program, connects to nothing and writes nothing.
func (e *Engine) Try(ctx context.Context, want *deploy.Release) error {
	jobs, err := manifest(want)
	if err != nil {
		return err
	}
	namespace, _ := split(want.ID)
	refused := func(why string) error {
		return &deploy.Refused{Why: fmt.Sprintf("%s %s can't start, and what runs was not touched:\n%s", want.ID, want.Hash, why)}
	}
	for _, j := range jobs.Jobs {
		if why, err := e.impossible(ctx, namespace, j); err != nil || why != "" {
			if err == nil {
				err = refused(why)
			}
			return err
		}
	}
	secrets, why, err := e.secrets(ctx, namespace, jobs)
	if err != nil {
		return err
	}
	if why != "" {
		return refused(why)
	}
	for _, j := range jobs.Jobs {
		for _, try := range tries(j, want, secrets) {
			why, err := e.try(ctx, namespace, try)
			if err != nil {
				return err
			}
			if why != "" {
				return refused(why)
			}
		}
	}
	return nil
}

// impossible says why Nomad does not take a job, or no client could. Where clients are only
// full that is no reason: others may come, and Nomad goes on trying.
func (e *Engine) impossible(ctx context.Context, namespace string, j *api.Job) (string, error) {
	valid, _, err := e.client.Jobs().Validate(j, write(ctx, namespace))
	if err != nil {
		return "", e.explain(ctx, err)
	}
	if len(valid.ValidationErrors) > 0 {
		return "Nomad does not take the job " + *j.ID + ": " + plain(strings.Join(valid.ValidationErrors, "\n")), nil
	}
	plan, _, err := e.client.Jobs().PlanOpts(j, &api.PlanOptions{}, write(ctx, namespace))
	if err != nil {
		return "", e.explain(ctx, err)
	}
	for _, group := range sorted(plan.FailedTGAllocs) {
		if m := plan.FailedTGAllocs[group]; m.NodesExhausted == 0 && len(m.QuotaExhausted) == 0 {
			return fmt.Sprintf("no client can take %s: %s", group, unfit(m)), nil
		}
	}
	return "", nil
}

// secrets are the values in the variables of Nomad's that jobs read, by path; nil where
// the token may not read them. why says which are missing.
func (e *Engine) secrets(ctx context.Context, namespace string, jobs *nomad.Jobs) (values map[string]map[string]string, why string, err error) {
	values = map[string]map[string]string{}
	for _, path := range sorted(jobs.Items) {
		v, _, err := e.client.Variables().Peek(path, query(ctx, namespace))
		if denied(err) {
			return nil, "", nil
		}
		if err != nil {
			return nil, "", e.explain(ctx, err)
		}
		have := api.VariableItems{}
		if v != nil && v.Items != nil {
			have = v.Items
		}
		line := ""
		for _, item := range jobs.Items[path] {
			if _, ok := have[item]; !ok {
				line += " " + item + "=…"
			}
		}
		if line != "" {
			keep := ""
			if len(have) > 0 {
				keep = " with what it has already"
			}
			return nil, fmt.Sprintf("the variable %s of Nomad's lacks secrets%s: nomad var put %s%s", path, keep, path, line), nil
		}
		values[path] = have
	}
	return values, "", nil
}

// A trial is a batch that tries a program.
type trial struct {
	job *api.Job
	// secrets are what a variable of the job's own has while it runs.
	secrets map[string]string
	// hash is that which the program must have, "" for any.
	hash string
}

// trySuffix makes the ID of a job that of the batch that tries it.
const trySuffix = "-flowc-try"

// tries are the batches that try the programs of a job: each task that runs the image of
// the release, or a binary, and is not there for the others: an attendant has the image too.
func tries(j *api.Job, want *deploy.Release, secrets map[string]map[string]string) (all []trial) {
	for _, g := range j.TaskGroups {
		for _, t := range g.Tasks {
			if image, ok := t.Config["image"].(string); ok && image != want.Image || t.Lifecycle != nil {
				continue // none of flowc's, and without such a question
			}
			all = append(all, tryOf(j, g, t, want, secrets))
		}
	}
	return all
}

// tryOf makes a batch of a task. It keeps what decides whether the program can start,
// and no port, no check, and none of what one copy alone may have.
func tryOf(j *api.Job, g *api.TaskGroup, t *api.Task, want *deploy.Release, secrets map[string]map[string]string) trial {
	id, once, zero := *j.ID+trySuffix, 1, 0
	task := *t
	task.Config = maps.Clone(t.Config)
	delete(task.Config, "ports")
	task.KillTimeout, task.ShutdownDelay = nil, 0
	task.LogConfig = &api.LogConfig{MaxFiles: new(1), MaxFileSizeMB: new(2)}
	task.Resources = &api.Resources{CPU: new(50), MemoryMB: new(64)}
	x := trial{secrets: map[string]string{}}
	command := "check"
	task.Templates = nil
	for _, tmpl := range t.Templates {
		c, ok := tried(*tmpl, id, secrets, x.secrets)
		if !ok {
			// Secrets that only the job itself may read: what is left to try is that the
			// image is there and that its program runs here.
			command, x.secrets, task.Templates, task.Vault = "--version", nil, nil, nil
			task.Config["mounts"] = withoutSecrets(task.Config["mounts"])
			break
		}
		task.Templates = append(task.Templates, &c)
	}
	args, _ := task.Config["args"].([]any)
	task.Config["args"] = append([]any{command}, args...)
	if task.Driver != "docker" {
		x.hash = want.Hash // what a client has may be of another version
	}
	group := &api.TaskGroup{
		Name: g.Name, Count: &once, Tasks: []*api.Task{&task}, Constraints: g.Constraints, EphemeralDisk: &api.EphemeralDisk{SizeMB: new(20)},
		RestartPolicy: &api.RestartPolicy{Attempts: &zero, Mode: new("fail")}, ReschedulePolicy: &api.ReschedulePolicy{Attempts: &zero, Unlimited: new(false)},
		Networks: dynamic(g.Networks),
	}
	task.VolumeMounts = nil
	for name, v := range g.Volumes {
		if v.Type == "csi" { // one that the old copy has may be nobody else's
			continue
		}
		if group.Volumes == nil {
			group.Volumes = map[string]*api.VolumeRequest{}
		}
		c := *v
		c.ReadOnly, c.AccessMode, c.AttachmentMode = true, "", ""
		group.Volumes[name] = &c
	}
	for _, m := range t.VolumeMounts {
		if m.Volume != nil && group.Volumes[*m.Volume] != nil {
			c := *m
			c.ReadOnly = new(true)
			task.VolumeMounts = append(task.VolumeMounts, &c)
		}
	}
	roomForMounts(&task)
	x.job = &api.Job{
		ID: &id, Name: &id, Type: new(api.JobTypeBatch), Namespace: j.Namespace, Region: j.Region, NodePool: j.NodePool, Datacenters: j.Datacenters,
		Constraints: j.Constraints, TaskGroups: []*api.TaskGroup{group}, VaultNamespace: j.VaultNamespace,
	}
	return x
}

// tried is a template as the batch has it: what it reads of a variable is in one of the
// batch's own. It can't be where the values are not known, or come from elsewhere.
func tried(t api.Template, id string, secrets map[string]map[string]string, own map[string]string) (api.Template, bool) {
	if t.EmbeddedTmpl == nil || strings.Contains(*t.EmbeddedTmpl, `secret "`) || secrets == nil {
		return t, false
	}
	text := *t.EmbeddedTmpl
	for n, path := range sorted(secrets) {
		read := fmt.Sprintf("nomadVar %q", path)
		if !strings.Contains(text, read) {
			continue
		}
		if n > 0 {
			return t, false // two variables may have an item of one name
		}
		text = strings.ReplaceAll(text, read, fmt.Sprintf("nomadVar %q", "nomad/jobs/"+id))
		maps.Copy(own, secrets[path])
	}
	t.EmbeddedTmpl, t.ChangeMode = &text, new("noop")
	return t, true
}

// withoutSecrets are mounts without files that templates would have written.
func withoutSecrets(mounts any) any {
	list, ok := mounts.([]any)
	if !ok {
		return mounts
	}
	return slices.DeleteFunc(slices.Clone(list), func(m any) bool {
		mount, _ := m.(map[string]any)
		source, _ := mount["source"].(string)
		return strings.HasPrefix(source, "secrets/")
	})
}

// dynamic are networks of which the ports are any: the old copy has those that were said.
func dynamic(networks []*api.NetworkResource) (all []*api.NetworkResource) {
	for _, n := range networks {
		c := *n
		c.DynamicPorts, c.ReservedPorts = nil, nil
		for _, p := range append(slices.Clone(n.DynamicPorts), n.ReservedPorts...) {
			p.Value = 0
			c.DynamicPorts = append(c.DynamicPorts, p)
		}
		all = append(all, &c)
	}
	return all
}

// try runs a batch, says why it failed, and takes it away again, with the copy of the
// secrets that it had.
func (e *Engine) try(ctx context.Context, namespace string, x trial) (why string, err error) {
	id, path := *x.job.ID, "nomad/jobs/"+*x.job.ID
	defer func() {
		ctx := context.WithoutCancel(ctx)
		_, _, failed := e.client.Jobs().Deregister(id, true, write(ctx, namespace))
		if gone(failed) {
			failed = nil
		}
		err = errors.Join(err, e.explain(ctx, failed))
		if len(x.secrets) > 0 {
			_, failed := e.client.Variables().Delete(path, write(ctx, namespace))
			err = errors.Join(err, e.explain(ctx, failed))
		}
	}()
	if len(x.secrets) > 0 {
		_, _, err := e.client.Variables().Update(&api.Variable{Namespace: namespace, Path: path, Items: x.secrets}, write(ctx, namespace))
		if denied(err) {
			x.secrets = nil
			return "", nil
		}
		if err != nil {
			return "", e.explain(ctx, err)
		}
	}
	if _, _, err := e.client.Jobs().RegisterOpts(x.job, &api.RegisterOptions{}, write(ctx, namespace)); err != nil {
		return "", e.explain(ctx, err)
	}
	late := time.NewTimer(triesFor)
	defer late.Stop()
	for {
		c, waiting, err := e.triedBy(ctx, namespace, id)
		switch {
		case err != nil:
			return "", err
		case waiting:
			return "", nil // there is no room for it beside what runs
		case c != nil && c.State == deploy.Ended:
			return e.other(ctx, x, c), nil
		case c != nil && c.ended:
			return e.failed(ctx, c), nil
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-late.C:
			if c == nil || c.Says == "" {
				return fmt.Sprintf("it could not be tried within %s", triesFor), nil
			}
			return fmt.Sprintf("it could not be tried within %s: %s", triesFor, c.Says), nil
		case <-time.After(lookAgain):
		}
	}
}

// triedBy is the copy of a batch, nil as long as there is none; waiting tells that no
// client has room for one.
func (e *Engine) triedBy(ctx context.Context, namespace, id string) (c *copied, waiting bool, err error) {
	j, err := e.job(ctx, namespace, id)
	if err != nil || j == nil {
		return nil, false, err
	}
	copies, err := e.copies(ctx, namespace, j)
	if err != nil {
		return nil, false, err
	}
	if len(copies) > 0 {
		return copies[len(copies)-1], false, nil
	}
	evals, _, err := e.client.Jobs().Evaluations(id, query(ctx, namespace))
	return nil, slices.ContainsFunc(evals, func(v *api.Evaluation) bool { return v.Status == api.EvalStatusBlocked }), e.explain(ctx, err)
}

// failed says why a try failed: what the program says, or what kept it from being run.
func (e *Engine) failed(ctx context.Context, c *copied) string {
	if !c.Since.IsZero() && c.ExitCode != 0 {
		if text := strings.TrimSpace(e.lastWords(ctx, c)); text != "" {
			return text
		}
	}
	if c.Says != "" {
		return c.Says
	}
	return fmt.Sprintf("it ended with exit code %d", c.ExitCode)
}

// other says that a program is of another version than the one that is applied.
func (e *Engine) other(ctx context.Context, x trial, c *copied) string {
	if x.hash == "" {
		return ""
	}
	text := e.lastWords(ctx, c)
	if text == "" || strings.Contains(text, x.hash) {
		return ""
	}
	command, _ := x.job.TaskGroups[0].Tasks[0].Config["command"].(string)
	return fmt.Sprintf("the binary %s on %s is another one: it says %q, and this version is %s. `flowc build` makes it, and it must be put there first", command, c.alloc.NodeName, strings.TrimSpace(text), x.hash)
}
