"""How the two sandbox applications are served: one process each, because they keep some state in
memory, with many threads, because a fault may hold an answer back for half a minute."""

workers = 1
worker_class = "gthread"
threads = 32
control_socket_disable = True
loglevel = "warning"
graceful_timeout = 2
