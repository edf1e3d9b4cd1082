"""Settings: file < environment < flag, a file that explains them all, and errors that name the setting."""

import re
import tomllib
from pathlib import Path

import pytest

from surveil.errors import SurveilError
from surveil.footage.origin import OriginRules
from surveil.settings import Settings, data_folder, load_settings, user_settings_file

SHIPPED_FILE = Path(__file__).parents[1] / "configs" / "surveil.toml"
NOT_IN_A_FILE = {"trust_detector"}
WITHOUT_FIXED_DEFAULT = {
    "database",
    "media",
    "detector",
    "model",
    "cluster_threshold",
    "ray_address",
    "footage_at_once",
}


@pytest.fixture(autouse=True)
def nothing_set(tmp_path, monkeypatch):
    """No setting of whoever runs the tests counts."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("config", *Settings.model_fields):
        monkeypatch.delenv(f"SURVEIL_{name.upper()}", raising=False)


@pytest.fixture
def file(tmp_path, monkeypatch):
    """Write a settings file and put it in force."""

    def write(text):
        path = tmp_path / "my.toml"
        path.write_text(text)
        monkeypatch.setenv("SURVEIL_CONFIG", str(path))
        return path

    return write


def commented_out():
    """The settings that the shipped file would set if the # of each were removed, in its order."""
    settings = re.findall(r"^# (\w+ = .*)$", SHIPPED_FILE.read_text(), re.MULTILINE)
    return tomllib.loads("\n".join(settings))


def test_the_shipped_file_lists_every_setting_in_reach(file):
    shown = commented_out()
    assert set(shown) == set(Settings.model_fields) - NOT_IN_A_FILE
    defaults = load_settings()
    for name in set(shown) - WITHOUT_FIXED_DEFAULT - {"camera_patterns", "webhook_hosts"}:
        assert shown[name] == getattr(defaults, name), name
        assert type(shown[name]) is type(getattr(defaults, name)), name
    assert {name for name in Settings.model_fields if getattr(defaults, name) is None} == {
        "media",
        "detector",
        "model",
        "cluster_threshold",
        "ray_address",
        "footage_at_once",
    }


def test_each_setting_is_explained_by_the_lines_above_it():
    blocks = SHIPPED_FILE.read_text().strip().split("\n\n")
    for name in set(Settings.model_fields) - NOT_IN_A_FILE:
        [block] = [block for block in blocks if re.search(rf"^# {name} = ", block, re.MULTILINE)]
        explanation, setting = block.rsplit("\n", 1)
        assert setting.startswith(f"# {name} = ")
        assert len(explanation) > 40


def test_the_examples_of_the_shipped_file_work(file):
    shown = commented_out()
    lines = re.findall(r"^# (\w+ = .*)$", SHIPPED_FILE.read_text(), re.MULTILINE)
    file("\n".join(lines))
    settings = load_settings()
    assert settings.database == shown["database"]
    assert settings.media == Path(shown["media"])
    camera, time = OriginRules.of("UTC", settings.camera_patterns).read_path(Path("/f/left/2026.09.14 08.15.mp4"))
    assert (camera, f"{time:%F %T}") == ("left", "2026-09-14 08:15:00")


def test_the_shipped_file_changes_nothing(tmp_path, monkeypatch):
    without = load_settings()
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "surveil.toml").write_bytes(SHIPPED_FILE.read_bytes())
    assert load_settings() == without
    assert tomllib.loads(SHIPPED_FILE.read_text()) == {}


def test_no_file_of_the_working_folder_counts(tmp_path):
    """It may have come with the footage, on a stick."""
    (tmp_path / "configs").mkdir()
    for name in ("configs/surveil.toml", "surveil.toml"):
        (tmp_path / name).write_text("fps = 7")
    assert load_settings().fps == 5


def test_the_users_own_file_counts_and_a_named_one_goes_before_it(tmp_path, monkeypatch):
    own = tmp_path / "config" / "surveil" / "surveil.toml"
    own.parent.mkdir(parents=True)
    own.write_text("fps = 7\ncrops_per_track = 3")
    assert load_settings().fps == 7
    named = tmp_path / "named.toml"
    named.write_text("fps = 8")
    assert (load_settings(named).fps, load_settings(named).crops_per_track) == (8, 5)
    monkeypatch.setenv("SURVEIL_CONFIG", str(own))
    assert load_settings(named).fps == 8
    monkeypatch.delenv("XDG_CONFIG_HOME")
    assert user_settings_file() == Path.home() / ".config" / "surveil" / "surveil.toml"


@pytest.mark.parametrize("value", ["true", "false"])
def test_trust_in_a_detector_cannot_come_from_a_file(file, monkeypatch, value):
    path = file(f"trust_detector = {value}")
    with pytest.raises(SurveilError, match=rf"^{re.escape(str(path))}: trust_detector may not be.*--trust-det"):
        load_settings()
    file("")
    assert load_settings(trust_detector=True).trust_detector
    monkeypatch.setenv("SURVEIL_TRUST_DETECTOR", "1")
    assert load_settings().trust_detector


def test_relative_paths_of_a_file_count_from_its_folder(tmp_path, monkeypatch):
    (tmp_path / "config").mkdir()
    monkeypatch.setenv("SURVEIL_CONFIG", "config/my.toml")
    relative = {"detector": "mine.pt", "model": "mine.safetensors", "media": "pictures", "database": "sqlite:///my.db"}
    (tmp_path / "config" / "my.toml").write_text("\n".join(f'{name} = "{value}"' for name, value in relative.items()))
    settings, folder = load_settings(), tmp_path / "config"
    assert settings.detector == str(folder / "mine.pt")
    assert settings.model == str(folder / "mine.safetensors")
    assert settings.media == folder / "pictures"
    assert settings.database == f"sqlite:///{folder}/my.db"
    absolute = {"detector": "/w/mine.pt", "model": "osnet-attention", "database": "sqlite:////w/my.db"}
    (folder / "my.toml").write_text("\n".join(f'{name} = "{value}"' for name, value in absolute.items()))
    settings = load_settings()
    assert {name: getattr(settings, name) for name in absolute} == absolute
    (folder / "my.toml").write_text('database = "postgresql://surveil@host/name"')
    assert load_settings().database == "postgresql://surveil@host/name"


def test_file_then_environment_then_flag(file, monkeypatch):
    assert load_settings().fps == 5
    file("fps = 7\ncrops_per_track = 2")
    assert load_settings().fps == 7
    monkeypatch.setenv("SURVEIL_FPS", "8")
    assert load_settings().fps == 8
    assert load_settings(fps=9).fps == 9
    assert load_settings(fps=None).fps == 8  # the flag was not given
    assert load_settings(fps=9).crops_per_track == 2


def test_an_empty_variable_is_not_set(file, monkeypatch):
    monkeypatch.setenv("SURVEIL_MEDIA", "")
    monkeypatch.setenv("SURVEIL_FPS", "")
    assert (load_settings().media, load_settings().fps) == (None, 5)
    monkeypatch.setenv("SURVEIL_CONFIG", "")
    assert load_settings().fps == 5


def test_the_database_is_in_the_data_folder(tmp_path, monkeypatch):
    assert load_settings().database == f"sqlite:///{tmp_path / 'data' / 'surveil' / 'surveil.db'}"
    monkeypatch.delenv("XDG_DATA_HOME")
    assert data_folder() == Path.home() / ".local" / "share" / "surveil"


BAD = [
    ("fps", "0"),
    ("fps", "inf"),
    ("stated_fps", "0.0"),
    ("gate_threshold", "1.5"),
    ("gate_forced_seconds", "-1"),
    ("device", '"gpu"'),
    ("detector_image_size", "641"),
    ("detector_image_size", '"large"'),
    ("detector_min_score", "1"),
    ("track_min_detections", "0"),
    ("crops_per_track", "2.5"),
    ("cluster_threshold", "0"),
    ("trust_detector", '"perhaps"'),
    ("camera_patterns", '"one"'),
]


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, value in BAD if name not in NOT_IN_A_FILE])
def test_a_bad_value_in_the_file_is_told_by_name(file, name, value):
    file(f"{name} = {value}")
    with pytest.raises(SurveilError, match=rf"setting {name}: .*given: "):
        load_settings()


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_bad_value_in_the_environment_is_told_by_name(monkeypatch, name, value):
    monkeypatch.setenv(f"SURVEIL_{name.upper()}", value.strip('"'))
    with pytest.raises(SurveilError, match=f"(?i){name}"):
        load_settings()


def test_a_bad_flag_is_told_by_name():
    with pytest.raises(SurveilError, match=r"setting fps: .*given: -3"):
        load_settings(fps=-3)


@pytest.mark.parametrize("text", ["frames = 5", "[footage]\nfps = 5"])
def test_an_unknown_name_is_told(file, text):
    file(text)
    name = re.match(r"\W*(\w+)", text)[1]
    with pytest.raises(SurveilError, match=f"setting {name}: "):
        load_settings()


@pytest.mark.parametrize(
    ("variable", "meant"),
    [("FPSS", "FPS"), ("MODL", "MODEL"), ("CLUSTER_TRESHOLD", "CLUSTER_THRESHOLD"), ("DATABASE_URL", "DATABASE")],
)
def test_a_misspelt_variable_is_told(monkeypatch, variable, meant):
    monkeypatch.setenv(f"SURVEIL_{variable}", "4")
    with pytest.raises(SurveilError, match=rf"^SURVEIL_{variable}: .*mean SURVEIL_{meant}\?"):
        load_settings()


@pytest.mark.parametrize("variable", ["PORT", "SERVICE_HOST", "PORT_8000_TCP", "VERSION", "PASSWORD", "LOG_LEVEL"])
def test_variables_of_something_else_with_that_name_do_no_harm(monkeypatch, variable):
    monkeypatch.setenv(f"SURVEIL_{variable}", "4")
    assert load_settings() == Settings()


def test_a_list_in_the_environment(monkeypatch):
    monkeypatch.setenv("SURVEIL_CAMERA_PATTERNS", '["(?P<camera>a)", "(?P<camera>b)"]')
    assert load_settings().camera_patterns == ("(?P<camera>a)", "(?P<camera>b)")


def test_a_named_file_must_exist(tmp_path, monkeypatch):
    for path in (tmp_path / "missing.toml", tmp_path):
        monkeypatch.setenv("SURVEIL_CONFIG", str(path))
        with pytest.raises(SurveilError, match=f"^{re.escape(str(path))}: there is no such file.*SURVEIL_CONFIG"):
            load_settings()


@pytest.mark.parametrize("content", [b"fps = = 5", b"\xff\xfe\x00"])
def test_a_file_that_is_no_toml_is_told(file, content):
    path = file("")
    path.write_bytes(content)
    with pytest.raises(SurveilError, match=f"^{re.escape(str(path))}: cannot be read: "):
        load_settings()
