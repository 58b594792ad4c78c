

# ---- the environment, by its name


def load_module(name):
    if not name.endswith(".py"):
        return importlib.import_module(name)
    if not os.path.isfile(name):
        raise BadInput(f"there is no file {name}")
    folder, file = os.path.split(os.path.abspath(name))
    sys.path.insert(0, folder)
    module_name = os.path.splitext(file)[0]
    spec = importlib.util.spec_from_file_location(module_name, os.path.abspath(name))
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    spec.loader.exec_module(module)
    return module


def make_adapter(request):
    if np is None:
        raise BadInput(f"env_args.python = {sys.executable} has no NumPy: {numpy_error}")
    sys.path[:0] = [folder for folder in request["path"].split(":") if folder]
    module_name, colon, attribute = request["entry"].rpartition(":")
    if not colon or not module_name or not attribute:
        raise BadInput("env_args.entry must be module:callable or file.py:callable")
    target = load_module(module_name)
    for part in attribute.split("."):
        if not hasattr(target, part):
            raise BadInput(f"{module_name} has no {attribute}")
        target = getattr(target, part)
    env = target(**request["kwargs"])
    if request["adapter"] != "auto":
        return ADAPTERS[request["adapter"]](env)
    for adapter in ADAPTERS.values():
        if adapter.fits(env):
            return adapter(env)
    raise BadInput(f"{request['entry']} has none of the known interfaces; see env_args.adapter")


# ---- answering


def seed_all(seed):
    """Both generators that an environment may use without asking."""
    if np is not None:  # else make_adapter() says so
        np.random.seed(seed & 0xFFFFFFFF)
    random.seed(seed)


class Host:
    def __init__(self, frames):
        self.frames = frames
        self.adapter = None
        self.slot = None

    def open(self, payload):
        seed_all(0)  # for what is drawn while it is made
        self.adapter = make_adapter(json.loads(payload))
        spec = self.adapter.spec()
        self.frames.reply(SPEC, json.dumps(spec, default=int).encode())
        self.slot = Slot(spec)

    def reset(self, payload):
        (seed,) = struct.unpack("<Q", payload)
        seed_all(seed)
        self.adapter.reset(seed >> 33)  # 31 bits, which every library takes
        self.slot.rewards[:] = 0
        self.reply_slot(0)

    def step(self, payload):
        actions = np.frombuffer(payload, "<i4").astype(np.int64)
        rewards, terminated, truncated, won = self.adapter.step(actions)
        self.slot.rewards[:] = rewards
        self.reply_slot(TERMINATED * terminated | TRUNCATED * truncated | WON * won)

    def reply_slot(self, flags):
        self.adapter.write(self.slot)
        self.slot.set_flags(flags)
        self.frames.reply(SLOT, self.slot.memory)

    def close(self):
        env = getattr(self.adapter, "env", None)
        if callable(getattr(env, "close", None)):
            env.close()

    def fault(self, error, is_input):
        """Tells qtot in one line; the calls that led there, but for those of this script, go to stderr."""
        calls = [c for c in traceback.extract_tb(error.__traceback__) if c.filename != "<stdin>"]
        if calls:
            sys.stderr.write("Traceback (most recent call last):\n")
            sys.stderr.write("".join(traceback.format_list(calls)))
        line = traceback.format_exception_only(type(error), error)[-1].strip()
        if isinstance(error, BadInput):
            line = str(error)
        elif calls:
            sys.stderr.write(line + "\n")
        sys.stderr.flush()
        fault = {"error": line[:1000], "is_input": is_input}
        self.frames.reply(FAULT, json.dumps(fault).encode())

    def run(self):
        answers = {OPEN: self.open, RESET: self.reset, STEP: self.step}
        while True:
            kind, payload = self.frames.request()
            if kind == CLOSE:
                self.close()
                return
            try:
                answers[kind](payload)
            except BaseException as error:  # SystemExit, too: the environment has no say in when to end
                self.fault(error, kind == OPEN)


def die_with_parent(lifeline):
    """Where the system cannot kill this group when the parent has died: its end of the pipe is gone."""
    os.read(lifeline, 1)
    os.killpg(0, signal.SIGKILL)


def main():
    lifeline = int(sys.argv[2])
    os.set_inheritable(lifeline, False)
    threading.Thread(target=die_with_parent, args=(lifeline,), daemon=True).start()
    # batch systems send these to every process of a job; the parent says when to end. A handler is not
    # inherited by programs that the environment starts, as an ignored signal would be
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda *_: None)
    host = Host(Frames(int(sys.argv[1])))
    sys.argv = ["qtot"]
    try:
        host.run()
    except (ParentIsGone, OSError):
        pass
    sys.stdout.flush()
    os._exit(0)  # threads of the environment shall not keep the process


main()
