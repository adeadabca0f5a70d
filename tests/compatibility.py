"""A pytest plugin: what servers say in tests of the dialect mantimon is judged by `mantimon_schema`, in each of them."""

import pathlib

import pytest

import clients.base
import mantimon_schema

RECORDER = mantimon_schema.Recorder()


def is_ours(item):
    return pathlib.Path(item.path).name.startswith("test_mantimon_")


def pytest_runtest_setup(item):
    clients.base.Client.recorder = RECORDER if is_ours(item) else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    done = yield
    wrong = RECORDER.take_faults()
    assert not wrong, f"{len(wrong)} messages of the server are none: {wrong[:5]}"
    return done
