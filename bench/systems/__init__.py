"""Every system that is measured, one module a family."""

from systems import beanstalkd, gearmand, jobqd, limits, nats, postgres, rabbitmq, redis

ALL = [system for module in (jobqd, limits, beanstalkd, gearmand, redis, postgres, rabbitmq, nats)
       for system in module.SYSTEMS]
