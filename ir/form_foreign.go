package ir

// foreign is a component in a process or a container of its own.
func (f *form) foreign(v *Foreign) {
	choice(f, &v.Protocol, GRPC, Lines, NDJSON)
	f.span(&v.Span)
	f.flag("acked", &v.Acked)
	if f.optional("restart", v.Restart != "") {
		choice(f, &v.Restart, RestartNo, RestartAlways, RestartOnFailure, RestartUnlessStopped)
	}
	number(f, "port", &v.Port)
	number(f, "health_port", &v.HealthPort)
	f.text("health_check", &v.HealthCheck)
	f.text("metadata", &v.Metadata)
	f.duration("settle", &v.Settle)
	number(f, "window", &v.Window)
	f.block(func() {
		f.when("brought", v.Brought != nil, func() { f.brought(&v.Brought) })
		f.values("command", &v.Command)
		f.values("args", &v.Args)
		f.when("image", v.Image != nil, func() { f.newValue(&v.Image) })
		f.when("endpoint", v.Endpoint != nil, func() { f.newValue(&v.Endpoint) })
		f.when("takes", len(v.Takes) > 0, func() { commas(f, &v.Takes, func(s *string) { name(f, "an event type", s) }) })
		f.when("gives", len(v.Gives) > 0, func() { commas(f, &v.Gives, func(s *string) { name(f, "an event type", s) }) })
		each(f, "env", &v.Env, func(e *Entry) {
			name(f, "a variable", &e.Key)
			f.span(&e.Span)
			f.mark("=")
			f.newValue(&e.Value)
		})
		each(f, "port", &v.Ports, func(p *ForeignPort) {
			f.span(&p.Span)
			f.text("name", &p.Name)
			number(f, "container", &p.Container)
			number(f, "host", &p.Host)
			f.text("protocol", &p.Protocol)
		})
		each(f, "volume", &v.Volumes, func(p *ForeignVolume) {
			f.span(&p.Span)
			f.text("name", &p.Name)
			f.text("host", &p.HostPath)
			f.text("container", &p.ContainerPath)
			f.flag("readonly", &p.ReadOnly)
		})
		each(f, "secret", &v.Secrets, f.foreignSecret)
		f.resources("requests", &v.Requests)
		f.resources("limits", &v.Limits)
	})
}

// brought is where flowc has a component from.
func (f *form) brought(v **Brought) {
	if *v == nil {
		*v = &Brought{}
	}
	o := *v
	f.quoted(&o.Reference)
	f.flag("go", &o.Go)
	f.text("image", &o.Image)
	f.text("file", &o.File)
}

func (f *form) foreignSecret(s *ForeignSecret) {
	f.span(&s.Span)
	f.text("name", &s.Name)
	f.text("type", &s.Type)
	f.text("host", &s.HostPath)
	f.text("container", &s.ContainerPath)
	f.text("env", &s.Env)
	f.text("mode", &s.Mode)
	f.flag("required", &s.Required)
	if f.optional("labels", len(s.Labels) > 0) {
		commas(f, &s.Labels, func(l *ForeignLabel) {
			f.quoted(&l.Key)
			f.mark(":")
			f.quoted(&l.Value)
		})
	}
}

func (f *form) resources(word string, r *ForeignResources) {
	f.when(word, *r != ForeignResources{}, func() {
		f.text("cpu", &r.CPU)
		f.text("memory", &r.Memory)
	})
}

// values is a statement for a list of values, where there are any.
func (f *form) values(word string, list *[]*Value) {
	f.when(word, len(*list) > 0, func() { commas(f, list, f.newValue) })
}
